/*
 * page.h - what a page of the admin is made of, and what surrounds it
 */
#ifndef PLAIN_ADMIN_PAGE_H
#define PLAIN_ADMIN_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "http/server.h"
#include "store/store.h"

struct page {
    const struct http_request *request;
    struct store *store;
    struct arena *arena;
    struct buf *out;   /* the content goes here */
    const char *title; /* of the page; a content may have a better one */
    bool utc;          /* times; or in the system's zone */
};

/* Writes the content. PLAIN_NONE: there is no such page; an error is told instead of the content,
 * whatever was written. */
typedef int page_content(struct page *p, plain_error *err);

page_content page_overview; /* page_overview.c, and so on */
page_content page_requests;
page_content page_processes;
page_content page_results;
page_content page_job; /* request->path is "/j/UUID" */
page_content page_queues;
page_content page_workers;

/* Only these parameters: PLAIN_E_INVALID (PJ201) names another one. */
int page_parameters(const struct page *p, const char *const *names, size_t count,
                    plain_error *err) PLAIN_MUST_USE;

/* The table of queues, or that there is none. */
struct queue_view;
void page_queue_table(struct page *p, const struct queue_view *q);

/* The whole document around a content. current: the path of the page that the menu marks. */
void page_document(struct buf *out, const char *current, const char *title, const char *content);

/* The content that tells of an error. */
void page_put_error(struct buf *out, const plain_error *err);

#endif
