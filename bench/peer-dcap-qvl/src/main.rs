// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0

//! Times the crate dcap-qvl on one quote.
//!
//! usage: peer-dcap-qvl QUOTE BUNDLE ROOT_DER UNIX_SECONDS
//!
//! Prints "ready" and the TCB status, then reads a number of verifications
//! from each line of standard input, does them and answers "done", so that its
//! caller can take turns with it and read the clock. The bundle's outer JSON
//! is read once, beforehand.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead, Write};

use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::QuoteCollateralV3;
use serde_json::value::RawValue;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn unhex(text: &str) -> Outcome<Vec<u8>> {
    if text.len() % 2 != 0 || !text.is_ascii() {
        return Err("odd or strange hex".into());
    }
    (0..text.len())
        .step_by(2)
        .map(|i| Ok(u8::from_str_radix(&text[i..i + 2], 16)?))
        .collect()
}

/// The signed text of a PCS answer, byte for byte, and its signature.
fn split_signed(answer: &str, body: &str) -> Outcome<(String, Vec<u8>)> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(answer)?;
    let signed = members.get(body).ok_or("no signed body")?.get().to_owned();
    let signature: String =
        serde_json::from_str(members.get("signature").ok_or("no signature")?.get())?;
    Ok((signed, unhex(&signature)?))
}

fn read_bundle(path: &str) -> Outcome<QuoteCollateralV3> {
    let bundle: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let text = |name: &str| bundle[name].as_str().unwrap_or_default();
    let (tcb_info, tcb_info_signature) = split_signed(text("tcb_info"), "tcbInfo")?;
    let (qe_identity, qe_identity_signature) =
        split_signed(text("qe_identity"), "enclaveIdentity")?;

    Ok(QuoteCollateralV3 {
        pck_crl_issuer_chain: text("pck_crl_issuer_chain").to_owned(),
        root_ca_crl: unhex(text("root_ca_crl"))?,
        pck_crl: unhex(text("pck_crl"))?,
        tcb_info_issuer_chain: text("tcb_info_issuer_chain").to_owned(),
        tcb_info,
        tcb_info_signature,
        qe_identity_issuer_chain: text("qe_identity_issuer_chain").to_owned(),
        qe_identity,
        qe_identity_signature,
        pck_certificate_chain: None,
    })
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [quote, bundle, root, now] = arguments.as_slice() else {
        return Err("usage: peer-dcap-qvl QUOTE BUNDLE ROOT_DER UNIX_SECONDS".into());
    };
    let quote = std::fs::read(quote)?;
    let collateral = read_bundle(bundle)?;
    let verifier = QuoteVerifier::new(std::fs::read(root)?);
    let now: u64 = now.parse()?;
    let mut out = io::stdout().lock();

    let report = verifier.verify(&quote, &collateral, now)?;
    writeln!(out, "ready {}", report.status)?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let count: u64 = line?.trim().parse()?;
        for _ in 0..count {
            verifier.verify(&quote, &collateral, now)?;
        }
        writeln!(out, "done")?;
        out.flush()?;
    }
    Ok(())
}
