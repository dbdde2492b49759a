/*
 * page_url.h - addresses of the admin's pages, without the first slash
 */
#ifndef PLAIN_ADMIN_PAGE_URL_H
#define PLAIN_ADMIN_PAGE_URL_H

#include <plain/jobs/uuid.h>

#include "base/buf.h"

/* Any text as a part of an address: percent-encoded but for the unreserved characters of RFC 3986,
 * section 2.3. */
void put_url_text(struct buf *b, const char *text);

/* "j/0192f3c4-...": the page of the job that a request's, an attempt's or the root's uuid is of. */
void put_job_url(struct buf *b, const plain_uuid *uuid);

#endif
