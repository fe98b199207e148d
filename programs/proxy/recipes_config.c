/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * recipes_config.c - assay proxy --print-config: what goes into the
 * configuration of a client.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "command_options.h"
#include "daemon/front.h"
#include "recipes.h"

#define TEXT_MAX_BYTES   (64u * 1024u)
#define DEFAULT_BASE     "http://127.0.0.1:8989"
#define DEFAULT_PROVIDER "vllm-tee"

static const char *const help[] = {
    "Usage: assay proxy --print-config TOOL [--provider NAME]\n"
    "                       [--state FILE | --url URL]\n"
    "Prints a piece of configuration for a client, with the URL of the proxy\n"
    "that runs, or of one at the usual address; URL is what a provider is at.\n"
    "TOOL is one of:\n"
    "\n",
    NULL,
};

/* %n: the provider, %u: its URL at the proxy. */
static const struct {
    const char *tool;
    const char *summary;
    const char *text;
} recipes[] = {
    {"aider", "~/.aider.conf.yml",
     "openai-api-base: %u\n"
     "model: openai/your-model-name\n"},
    {"codex", "~/.codex/config.toml, for a proxy that runs",
     "model_provider = \"%n\"\n"
     "model = \"your-model-name\"\n"
     "web_search = \"disabled\" # servers of Chat Completions have none\n"
     "\n"
     "[model_providers.%n]\n"
     "name = \"%n\"\n"
     "base_url = \"%u\"\n"
     "wire_api = \"responses\"\n"
     "env_key = \"OPENAI_API_KEY\"\n"},
    {"codex-ratls", "~/.codex/config.toml, for assay proxy codex",
     "# Read by Codex and by the proxy. With it, run\n"
     "#     assay proxy codex\n"
     "# or, at a proxy that runs already,\n"
     "#     codex -c 'model_providers.%n.base_url=\"%u\"' \\\n"
     "#           -c 'model_providers.%n.wire_api=\"responses\"' \\\n"
     "#           -c 'web_search=\"disabled\"'\n"
     "model_provider = \"%n\"\n"
     "model = \"your-model-name\"\n"
     "web_search = \"disabled\" # only OpenAI's servers have it\n"
     "\n"
     "[model_providers.%n]\n"
     "name = \"%n\"\n"
     "base_url = \"https://vllm.example.com/v1\"\n"
     "wire_api = \"chat\"\n"
     "env_key = \"OPENAI_API_KEY\"\n"
     "use_ratls = true\n"
     "\n"
     "[model_providers.%n.ratls_policy]\n"
     "tee_type = \"Tdx\"\n"
     "allowed_tdx_status = [\"UpToDate\"]\n"},
    {"continue", "~/.continue/config.yaml",
     "name: Attested models\n"
     "version: 0.0.1\n"
     "schema: v1\n"
     "models:\n"
     "  - name: %n\n"
     "    provider: openai\n"
     "    model: your-model-name\n"
     "    apiBase: %u\n"
     "    apiKey: ${{ secrets.OPENAI_API_KEY }}\n"
     "    roles: [chat, edit, apply]\n"},
    {"curl", "a command",
     "curl --noproxy '*' -N '%u/chat/completions' \\\n"
     "  -H \"Authorization: Bearer $OPENAI_API_KEY\" \\\n"
     "  -H 'Content-Type: application/json' \\\n"
     "  -d '{\"model\": \"your-model-name\", \"stream\": true,\n"
     "       \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'\n"},
    {"litellm", "config.yaml of LiteLLM's proxy",
     "model_list:\n"
     "  - model_name: your-model-name\n"
     "    litellm_params:\n"
     "      model: openai/your-model-name\n"
     "      api_base: %u\n"
     "      api_key: os.environ/OPENAI_API_KEY\n"},
    {"openai-node", "JavaScript",
     "import OpenAI from \"openai\";\n"
     "\n"
     "const client = new OpenAI({ baseURL: \"%u\" });\n"},
    {"openai-python", "Python",
     "from openai import OpenAI\n"
     "\n"
     "client = OpenAI(base_url=\"%u\")\n"},
    {"opencode", "~/.config/opencode/opencode.json",
     "{\n"
     "  \"$schema\": \"https://opencode.ai/config.json\",\n"
     "  \"provider\": {\n"
     "    \"%n\": {\n"
     "      \"npm\": \"@ai-sdk/openai-compatible\",\n"
     "      \"name\": \"%n\",\n"
     "      \"options\": {\n"
     "        \"baseURL\": \"%u\",\n"
     "        \"apiKey\": \"{env:OPENAI_API_KEY}\"\n"
     "      },\n"
     "      \"models\": {\n"
     "        \"your-model-name\": { \"name\": \"your-model-name\" }\n"
     "      }\n"
     "    }\n"
     "  }\n"
     "}\n"},
    {"zed", "~/.config/zed/settings.json",
     "{\n"
     "  \"language_models\": {\n"
     "    \"openai_compatible\": {\n"
     "      \"%n\": {\n"
     "        \"api_url\": \"%u\",\n"
     "        \"available_models\": [\n"
     "          { \"name\": \"your-model-name\", \"max_tokens\": 131072 }\n"
     "        ]\n"
     "      }\n"
     "    }\n"
     "  }\n"
     "}\n"},
};
#define RECIPES (sizeof(recipes) / sizeof(recipes[0]))

static void
fill_in(const char *text, const char *provider, const char *url,
        struct assay_buf *to)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '%' && (text[1] == 'n' || text[1] == 'u')) {
            text++;
            assay_buf_add_text(to, *text == 'n' ? provider : url);
        } else {
            assay_buf_add_u8(to, (uint8_t)*text);
        }
    }
}

bool
recipe_is_known(const char *tool)
{
    for (size_t i = 0; i < RECIPES; i++) {
        if (strcmp(recipes[i].tool, tool) == 0) {
            return true;
        }
    }
    return false;
}

bool
recipe_put_config(const char *tool, const char *provider, const char *url,
                  struct assay_buf *to)
{
    for (size_t i = 0; i < RECIPES; i++) {
        if (strcmp(recipes[i].tool, tool) == 0) {
            fill_in(recipes[i].text, provider, url, to);
            return true;
        }
    }
    return false;
}

void
recipe_put_tools(struct assay_buf *to)
{
    for (size_t i = 0; i < RECIPES; i++) {
        assay_buf_printf(to, "  %-14s %s\n", recipes[i].tool,
                         recipes[i].summary);
    }
}

/* --- the command ---------------------------------------------------------- */

/* What to say where no proxy runs that could be asked. */
static void
suppose(const struct command_options *o, struct command_target *t,
        struct assay_buf *url)
{
    assay_buf_printf(url, "%s/%s", DEFAULT_BASE,
                     o->provider != NULL ? o->provider : "v1");
    assay_buf_add_u8(url, '\0');
    t->url = (const char *)url->ptr;
    fputs("assay-proxy: no proxy runs; the URL is that of one at its usual "
          "address\n",
          stderr);
}

/* Whoever heeds the environment would not come to the proxy. (The piece for
 * curl has --noproxy.) */
static void
warn_of_diversion(const char *tool, const char *url)
{
    if (strcmp(tool, "curl") != 0 && recipe_is_diverted(url)) {
        fputs("assay-proxy: warning: the environment names a proxy for http "
              "(HTTP_PROXY or\nALL_PROXY), and NO_PROXY lacks the host of this "
              "URL: a client that heeds it would\nsend prompts to that one, in "
              "plain. Add it, or use what assay proxy env prints.\n",
              stderr);
    }
}

static int
print(const char *tool, struct command_target *target, struct assay_buf *text)
{
    const char *provider =
        target->provider != NULL ? target->provider : DEFAULT_PROVIDER;

    if (provider[strspn(provider, RUNNING_PLAIN)] != '\0') {
        fputs("assay-proxy: --provider: it has characters that no provider's "
              "name has\n",
              stderr);
        return DAEMON_USAGE;
    }
    return recipe_put_config(tool, provider, target->url, text) ? DAEMON_DONE
                                                                : DAEMON_USAGE;
}

static int
run(const struct command_options *o, const char *tool)
{
    struct command_target target;
    struct assay_error err;
    struct assay_buf url;
    struct assay_buf text;
    int code;

    assay_buf_init(&url, TEXT_MAX_BYTES);
    assay_buf_init(&text, TEXT_MAX_BYTES);
    if (command_target_find(o, &target, &err) != ASSAY_OK &&
        err.code != ASSAY_INVALID && o->state == NULL) {
        suppose(o, &target, &url);
        assay_error_clear(&err);
    }
    if (err.code == ASSAY_OK && !url.failed) {
        code = print(tool, &target, &text);
        front_print(&text);
        if (code == DAEMON_DONE) {
            warn_of_diversion(tool, target.url);
        }
    } else {
        fprintf(stderr, "assay-proxy: %s\n", err.msg);
        code = err.code == ASSAY_INVALID ? DAEMON_USAGE : DAEMON_FAILED;
    }
    command_target_free(&target);
    assay_buf_free(&url);
    return code;
}

static void
print_list(void)
{
    struct assay_buf text;

    assay_buf_init(&text, TEXT_MAX_BYTES);
    recipe_put_tools(&text);
    front_print(&text);
}

static int
refuse_tool(const char *tool)
{
    fprintf(stderr,
            "assay-proxy: --print-config: nothing is known of '%s'; it takes",
            tool);
    for (size_t i = 0; i < RECIPES; i++) {
        fprintf(stderr, "%s %s", i > 0 ? "," : "", recipes[i].tool);
    }
    fputs(" or list\n", stderr);
    return DAEMON_USAGE;
}

/* The tool is in the word itself, or is the next one. */
static const char *
take_tool(int *argc, char ***argv)
{
    const char *in_word = strchr((*argv)[0], '=');

    if (in_word != NULL) {
        return in_word + 1;
    }
    if (*argc < 2 || (*argv)[1][0] == '-') {
        return NULL;
    }
    (*argc)--;
    (*argv)++;
    return (*argv)[0];
}

int
print_config_main(int argc, char **argv)
{
    const char *tool = take_tool(&argc, &argv);
    struct command_options o;
    int code = (int)command_options_read(
        argc, argv,
        1u << COMMAND_SHELL | 1u << COMMAND_JSON | 1u << COMMAND_TOKEN_FILE,
        &o);

    if (code != DAEMON_DONE) {
        return code;
    }
    if (o.help) {
        front_help(help);
        print_list();
    } else if (tool == NULL) {
        fputs("assay-proxy: --print-config takes a tool (try --print-config "
              "list)\n",
              stderr);
        code = DAEMON_USAGE;
    } else if (strcmp(tool, "list") == 0) {
        print_list();
    } else if (!recipe_is_known(tool)) {
        code = refuse_tool(tool);
    } else {
        code = run(&o, tool);
    }
    command_options_free(&o);
    return code;
}
