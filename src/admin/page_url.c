#include "admin/page_url.h"

#include <string.h>

void put_url_text(struct buf *b, const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";

    for (; *text; text++) {
        if (strchr(unreserved, *text))
            buf_putc(b, *text);
        else
            buf_putf(b, "%%%02X", (unsigned char)*text);
    }
}

void put_job_url(struct buf *b, const plain_uuid *uuid)
{
    char text[PLAIN_UUID_TEXT];

    buf_putf(b, "j/%s", plain_uuid_format(uuid, text));
}
