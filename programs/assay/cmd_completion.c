/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_completion.c - assay completion: what shells need to complete words.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char bash_script[] =
    "_assay() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
    "    case \"${COMP_WORDS[*]:1:2}\" in\n"
    "    verify*) words='--collateral --pccs --pccs-ca --no-cache --at --root\n"
    "        --policy --accept --event-log --app-compose --vm-config\n"
    "        --evidence --connect-timeout --timeout --verbose --json\n"
    "        --help' ;;\n"
    "    get*) words='--policy --request --header --data --output --include\n"
    "        --location --verdict --save-evidence --json --timing\n"
    "        --verbose --max-size --ca\n"
    "        --resolve --proxy --wire --quotes --root --pccs --pccs-ca\n"
    "        --collateral --no-cache --connect-timeout --timeout --help' ;;\n"
    "    pipe*) words='--policy --max-age --verdict --timing --verbose --ca\n"
    "        --resolve --proxy --wire --quotes --root --pccs --pccs-ca\n"
    "        --collateral --no-cache --connect-timeout --timeout --help' ;;\n"
    "    inspect*|'collateral show'*) words='--json --help' ;;\n"
    "    'collateral fetch'*) words='--output --pccs --pccs-ca --early\n"
    "        --evaluation --connect-timeout --timeout --json --help' ;;\n"
    "    'collateral check'*) words='--at --within --json --help' ;;\n"
    "    'collateral prefetch'*) words='--fmspc --tee --ca --from-cache\n"
    "        --policy --pccs --pccs-ca --root --at --connect-timeout "
    "--timeout\n"
    "        --json --help' ;;\n"
    "    'policy pin'*) words='--type --pin --accept --output --compose-out\n"
    "        --force --json --toml --accept-self-signed --ca --resolve "
    "--proxy\n"
    "        --wire --quote --event-log --app-compose --vm-config --at --root\n"
    "        --pccs --pccs-ca --collateral --no-cache --connect-timeout\n"
    "        --timeout --help' ;;\n"
    "    'policy lint'*) words='--app-compose --fail-on --allow --json\n"
    "        --help' ;;\n"
    "    'policy explain'*|'policy hash'*) words='--json --help' ;;\n"
    "    'policy diff'*) words='--app-compose --accept --accept-self-signed\n"
    "        --ca --resolve --proxy --wire --root --pccs --pccs-ca\n"
    "        --collateral --no-cache --connect-timeout --timeout --json\n"
    "        --help' ;;\n"
    "    'policy schema'*) words='--help' ;;\n"
    "    serve*) words='--config --listen --backend --cert --key "
    "--self-signed\n"
    "        --cert-out --quotes --announce --workers --max-connections\n"
    "        --ekm-header --ekm-secret-file --quote-concurrency\n"
    "        --max-quotes --quote-rate --quote-burst\n"
    "        --quote-queue-timeout --max-body --header-timeout --idle-timeout\n"
    "        --body-timeout --backend-timeout --backend-pool --backend-idle\n"
    "        --backend-proxy-protocol --proxy-protocol --trust-forwarded\n"
    "        --max-header --max-requests --max-connections-per-address\n"
    "        --upgrade --upgrade-idle --quote-timeout --drain\n"
    "        --ready-file --admin --ready-backend --access-log --sandbox\n"
    "        --pipe --client-policy --client-timeout --max-client-appraisals\n"
    "        --staple --root --pccs --pccs-ca --collateral --no-cache\n"
    "        --log --verbose --check --dump-config --version --help' ;;\n"
    "    esac\n"
    "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
    "        words='verify inspect get pipe collateral policy completion\n"
    "            serve --help --version'\n"
    "    elif [ \"$COMP_CWORD\" = 2 ]; then\n"
    "        case ${COMP_WORDS[1]} in\n"
    "        collateral) words='fetch show check prefetch' ;;\n"
    "        policy) words='pin lint explain diff hash schema' ;;\n"
    "        completion) words='bash zsh' ;;\n"
    "        esac\n"
    "    fi\n"
    "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "}\n"
    "complete -o default -F _assay assay\n";

static enum exit_code
run(const struct command *c, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(c->help, stdout);
        return EXIT_TRUSTED;
    }
    if (argc != 2) {
        return cli_usage(c, "name one shell, bash or zsh");
    }
    if (strcmp(argv[1], "zsh") == 0) {
        /* zsh runs bash's completion functions. */
        fputs("autoload -Uz bashcompinit && bashcompinit\n", stdout);
    } else if (strcmp(argv[1], "bash") != 0) {
        return cli_usage(c, "unknown shell '%s', known are bash and zsh",
                         argv[1]);
    }
    fputs(bash_script, stdout);
    return EXIT_TRUSTED;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a completion script for bash or zsh",
    .help = "Usage: assay completion bash|zsh\n"
            "\n"
            "Prints a script that lets the shell complete commands and\n"
            "options: source <(assay completion bash)\n",
    .run = run,
};
