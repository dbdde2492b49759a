/*
 * cmd_admin.c - plain admin: pages for a browser on this machine
 */
#include "admin/admin.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/json_writer.h"
#include "http/server.h"

static int tell_address(struct cli *cli, const struct http_server *server, plain_error *err)
{
    const char *url = arena_printf(&cli->arena, "http://%s/", http_address(server));
    struct json_writer j;

    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_put_text(&j, "url", url);
        json_end_document(&j);
    } else {
        buf_putf(&cli->out, "%s\n", url ? url : "");
    }
    int r = cli_flush(cli, err);
    if (r == PLAIN_OK)
        cli_say(cli, "The pages show what is in %s, and change nothing. Ctrl-C stops them.",
                store_url_shown(&cli->arena, settings_text(cli->settings, SETTING_DATABASE_URL)));
    return r;
}

int cmd_admin(struct cli *cli, plain_error *err)
{
    struct http_server *server = NULL;
    struct interrupt interrupt;
    int r = cli_settings(cli, err);

    if (r == PLAIN_OK)
        r = interrupt_begin(&interrupt, err);
    if (r != PLAIN_OK)
        return r;
    struct admin admin = {.url = settings_text(cli->settings, SETTING_DATABASE_URL),
                          .utc = cli->utc};
    const struct http_options options = {
        .listen = option_text(&cli->args, OPTION_LISTEN), .answer = admin_answer, .user = &admin};
    r = http_start(&options, &server, err);
    if (r == PLAIN_OK)
        r = tell_address(cli, server, err);
    if (r == PLAIN_OK)
        (void)interrupt_wait(&interrupt, -1, -1, -1);
    interrupt_end_well(&interrupt); /* first: a second signal need not wait for the last page */
    http_stop(server);
    return r;
}
