/*
 * cmd_completion.c - plain completion
 *
 * The scripts hold no names: they ask `plain completion candidates -- WORD...`, whose last word is
 * the one at the cursor, so that they fit every version of the program and every job class.
 */
#include <string.h>

#include "base/error.h"
#include "cli/candidates.h"
#include "cli/cli.h"
#include "cli/commands.h"

/* bash cuts words at '=' and ':' and replaces only what stands behind; so the words are put
 * together again, and what stands in front is taken off the answers. */
static const char bash[] =
    "# completion of plain for bash; made by `plain completion bash`\n"
    "_plain() {\n"
    "    local words=() i word glued= line head last\n"
    "    for ((i = 1; i <= COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ ${#words[@]} -gt 0 && ($glued == yes || $word == [=:]*) ]]; then\n"
    "            words[-1]+=$word\n"
    "        else\n"
    "            words+=(\"$word\")\n"
    "        fi\n"
    "        [[ $word == [=:] ]] && glued=yes || glued=\n"
    "    done\n"
    "    last=${COMP_WORDS[COMP_CWORD]}\n"
    "    [[ $last == [=:] ]] && last=\n"
    "    head=${words[-1]%\"$last\"}\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        if [[ $line == :files ]]; then\n"
    "            compopt -o filenames\n"
    "            mapfile -t COMPREPLY < <(compgen -f -- \"$last\")\n"
    "            return\n"
    "        fi\n"
    "        line=${line%%$'\\t'*}\n"
    "        line=${line#\"$head\"}\n"
    "        [[ $line == *[!a-zA-Z0-9_.,:=@%+/-]* ]] && printf -v line %q \"$line\"\n"
    "        COMPREPLY+=(\"$line\")\n"
    "    done < <(plain completion candidates -- \"${words[@]}\" 2>/dev/null)\n"
    "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
    "    return 0\n"
    "}\n"
    "complete -F _plain plain\n";

static const char zsh[] =
    "#compdef plain\n"
    "# completion of plain for zsh; made by `plain completion zsh`\n"
    "_plain() {\n"
    "    local line word\n"
    "    local -a lines found open\n"
    "    lines=(\"${(@f)$(plain completion candidates -- \"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)}\")\n"
    "    if [[ $lines[1] == :files ]]; then\n"
    "        compset -P '*='\n"
    "        _files\n"
    "        return\n"
    "    fi\n"
    "    for line in $lines; do\n"
    "        word=${${line%%$'\\t'*}//:/\\\\:}\n"
    "        [[ $line == *$'\\t'* ]] && word+=:${line#*$'\\t'}\n"
    "        [[ ${line%%$'\\t'*} == *= ]] && open+=(\"$word\") || found+=(\"$word\")\n"
    "    done\n"
    "    (( $#found )) && _describe plain found\n"
    "    (( $#open )) && _describe plain open -S ''\n"
    "}\n"
    "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
    "    _plain \"$@\"\n"
    "else\n"
    "    compdef _plain plain\n"
    "fi\n";

static const char fish[] = "# completion of plain for fish; made by `plain completion fish`\n"
                           "function __plain_candidates\n"
                           "    set -l words (commandline -opc)[2..] (commandline -ct)\n"
                           "    set -l lines (plain completion candidates -- $words 2>/dev/null)\n"
                           "    if test \"$lines[1]\" = :files\n"
                           "        __fish_complete_path (commandline -ct)\n"
                           "    else\n"
                           "        printf '%s\\n' $lines\n"
                           "    end\n"
                           "end\n"
                           "complete -c plain -f -a '(__plain_candidates)'\n";

static const struct shell {
    const char *name;
    const char *script;
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

int cmd_completion(struct cli *cli, plain_error *err)
{
    const struct arguments *args = &cli->args;

    if (strcmp(args->operands[0], "candidates") == 0) {
        if (args->operand_count > 1)
            put_candidates(cli, args->operands + 1, args->operand_count - 1);
        return PLAIN_OK;
    }
    for (size_t i = 0; i < ARRAY_SIZE(shells) && args->operand_count == 1; i++) {
        if (strcmp(args->operands[0], shells[i].name) == 0) {
            buf_puts(&cli->out, shells[i].script);
            return PLAIN_OK;
        }
    }
    return error_set(err, PLAIN_E_INVALID, 201, "",
                     "`plain completion` takes bash, zsh or fish, and not \"%s\"",
                     args->operands[args->operand_count - 1]);
}
