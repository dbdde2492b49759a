/*
 * jobs.c - draws a picture, and makes a small one of it
 */
#include <stdio.h>

#include <plain/jobs.h>

#include "picture.h"

/* ---- DrawJob ---- */

struct draw {
    const char *file;
    int width, height;
};

/* The left half is red, the right half is blue; it gets lighter from top to bottom. */
static int draw_run(plain_job *job, const void *params)
{
    const struct draw *self = params;
    struct picture p;
    int r = make_picture(job, self->width, self->height, &p);

    for (int y = 0; r == PLAIN_OK && y < p.height; y++) {
        for (int x = 0; x < p.width; x++) {
            unsigned char *pixel = p.pixels + ((size_t)y * (size_t)p.width + (size_t)x) * DEPTH;

            pixel[x < p.width / 2 ? 0 : 2] = 255;
            pixel[1] = (unsigned char)(y * 255 / p.height);
        }
    }
    return r == PLAIN_OK ? write_picture(job, self->file, &p) : r;
}

static const plain_param draw_params[] = {
    PLAIN_PARAM(struct draw, file, 0),
    PLAIN_PARAM_DEFAULT(struct draw, width, "640"),
    PLAIN_PARAM_DEFAULT(struct draw, height, "480"),
    PLAIN_PARAMS_END,
};

const plain_job_class DrawJob = {
    PLAIN_JOB_CLASS(struct draw), .name = "DrawJob", .doc = "Draw a picture to have one.",
    .params = draw_params,        .run = draw_run,
};

/* ---- ThumbnailJob ---- */

struct thumbnail {
    const char *file;
    int width;
};

/* The mean of one colour over the pixels of the large picture that become (x, y). */
static unsigned char mean(const struct picture *p, const struct picture *small, int x, int y, int c)
{
    int left = x * p->width / small->width, right = (x + 1) * p->width / small->width;
    int top = y * p->height / small->height, bottom = (y + 1) * p->height / small->height;
    unsigned long sum = 0;

    for (int row = top; row < bottom; row++) {
        for (int column = left; column < right; column++)
            sum += p->pixels[((size_t)row * (size_t)p->width + (size_t)column) * DEPTH + (size_t)c];
    }
    return (unsigned char)(sum / ((unsigned long)(right - left) * (unsigned long)(bottom - top)));
}

static int thumbnail_run(plain_job *job, const void *params)
{
    const struct thumbnail *self = params;
    struct picture large = {0}, small = {0};
    char path[512];

    int r = read_picture(job, self->file, &large);
    if (r == PLAIN_OK && self->width > large.width)
        r = plain_job_fail(job, "BadSize", "%s is only %d pixels wide", self->file, large.width);
    if (r == PLAIN_OK)
        r = make_picture(job, self->width, large.height * self->width / large.width, &small);
    if (r != PLAIN_OK)
        return r;
    for (size_t i = 0; i < size_of(&small); i++) {
        int pixel = (int)(i / DEPTH);

        small.pixels[i] =
            mean(&large, &small, pixel % small.width, pixel / small.width, (int)(i % DEPTH));
    }
    if (snprintf(path, sizeof(path), "%s.thumbnail", self->file) >= (int)sizeof(path))
        return plain_job_fail(job, "BadName", "the name of the file is too long");
    return write_picture(job, path, &small);
}

static int one_per_file(const plain_job_class *self, const void *params, char *out, size_t size)
{
    (void)self;
    return snprintf(out, size, "%s", ((const struct thumbnail *)params)->file);
}

static const plain_param thumbnail_params[] = {
    PLAIN_PARAM(struct thumbnail, file, 0),
    PLAIN_PARAM_DEFAULT(struct thumbnail, width, "64"),
    PLAIN_PARAMS_END,
};

const plain_job_class ThumbnailJob = {
    PLAIN_JOB_CLASS(struct thumbnail),
    .name = "ThumbnailJob",
    .doc = "Make a small picture of a large one.",
    .params = thumbnail_params,
    .run = thumbnail_run,
    .default_concurrency_key_for = one_per_file,
};

PLAIN_REGISTER_JOBS(&DrawJob, &ThumbnailJob);
