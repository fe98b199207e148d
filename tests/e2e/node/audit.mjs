// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What everybody can use, as far as a program sees: functions that are run in a
// page, and list what is wrong.

// Text whose contrast (WCAG 2.2, 1.4.3) is too small.
export function faint() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) {
        return colour;
      }
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];

  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || !node.checkVisibility()) {
      continue;
    }
    const style = getComputedStyle(node);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const [dark, bright] = [light(style.color), light(ground(node))]
      .sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < (large ? 3 : 4.5)) {
      found.push([walker.currentNode.data.slice(0, 60), ratio]);
    }
  }
  return found;
}

// Names, references, order of headings, sizes (WCAG 2.2: 1.1.1, 1.3.1, 2.4.6,
// 2.5.8, 3.1.1, 4.1.2).
export function audit() {
  const all = (selector) => [...document.querySelectorAll(selector)]
    .filter((node) => node.checkVisibility());
  const faults = [];
  const fault = (what, node) =>
    faults.push(`${what}: ${node.outerHTML.slice(0, 120)}`);
  const referred = (node, name) =>
    (node.getAttribute(name) ?? "").split(/\s+/).filter(Boolean);
  const named = (node) =>
    (node.getAttribute("aria-label") ?? "").trim() !== "" ||
    [...(node.labels ?? [])].some((label) => label.innerText.trim() !== "") ||
    referred(node, "aria-labelledby").length > 0 ||
    (!/^(input|textarea|select)$/.test(node.localName) &&
      node.textContent.trim() !== "");

  for (const node of all("button, a[href], input, textarea, select, " +
    "[tabindex], section, [role=group], [role=log]")) {
    if (!named(node)) {
      fault("no name", node);
    }
  }
  for (const node of all("button, input, textarea")) {
    const boxes = [node, ...(node.labels ?? [])]
      .map((part) => part.getBoundingClientRect());
    if (!boxes.some(({ width, height }) => width >= 24 && height >= 24)) {
      fault("too small", node);
    }
  }
  for (const node of document.querySelectorAll("*")) {
    for (const name of ["aria-labelledby", "aria-describedby", "for"]) {
      for (const id of referred(node, name)) {
        if (!document.getElementById(id)) {
          fault(`${name} of nothing`, node);
        }
      }
    }
    if (node.id && document.getElementById(node.id) !== node) {
      fault("an id twice", node);
    }
    if (node.tabIndex > 0) {
      fault("an order of its own", node);
    }
  }
  let level = 0;
  for (const node of all("h1, h2, h3, h4, h5, h6")) {
    if (Number(node.localName[1]) > level + 1) {
      fault("a level is left out", node);
    }
    level = Number(node.localName[1]);
  }
  for (const node of all("table")) {
    if (!node.caption || node.querySelector("th:not([scope])")) {
      fault("a table without caption or scopes", node);
    }
  }
  for (const node of all("img:not([alt])")) {
    fault("no alternative", node);
  }
  if (!document.documentElement.lang || !document.title) {
    fault("no language or title", document.head);
  }
  if (all("main").length !== 1 || all("h1").length !== 1) {
    fault("not one main and one h1", document.body);
  }
  return faults;
}
