#include "cli/ask.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

enum { ANSWER_SIZE = 64 };

int ask(struct cli *cli, const char *question, bool *yes, plain_error *err)
{
    char answer[ANSWER_SIZE] = "";

    *yes = option_given(&cli->args, OPTION_YES);
    if (*yes)
        return PLAIN_OK;
    if (isatty(STDIN_FILENO) != 1)
        return error_set(err, PLAIN_E_REFUSED, 504, "yes",
                         "this cannot be undone, and there is no terminal to ask on");
    (void)fputs(question, stderr);
    if (!fgets(answer, sizeof(answer), stdin))
        (void)fputc('\n', stderr);
    answer[strcspn(answer, "\r\n")] = '\0';
    *yes = text_equal_nocase(answer, "y") || text_equal_nocase(answer, "yes");
    return PLAIN_OK;
}
