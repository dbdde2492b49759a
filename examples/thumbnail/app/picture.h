/*
 * picture.h - pictures in memory, and as binary PPM files
 *
 * A PPM file is "P6", width, height and 255 in text, then three bytes a pixel. The functions return
 * PLAIN_OK, or what run has to return. Memory is the job's: nothing is to be freed.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <plain/jobs.h>

enum { SIDE_MAX = 4096, DEPTH = 3 };

struct picture {
    int width, height;
    unsigned char *pixels;
};

static inline size_t size_of(const struct picture *p)
{
    return (size_t)p->width * (size_t)p->height * DEPTH;
}

static inline int make_picture(plain_job *job, int width, int height, struct picture *out)
{
    *out = (struct picture){.width = width, .height = height};
    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX)
        return plain_job_fail(job, "BadSize", "%d x %d is no size of a picture", width, height);
    out->pixels = plain_job_alloc(job, size_of(out));
    if (!out->pixels)
        return plain_job_fail(job, "OutOfMemory", "%d x %d pixels", width, height);
    return PLAIN_OK;
}

static inline int write_picture(plain_job *job, const char *path, const struct picture *p)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        return plain_job_fail(job, "CannotWrite", "%s: %s", path, strerror(errno));
    bool good = fprintf(file, "P6\n%d %d\n255\n", p->width, p->height) > 0 &&
                fwrite(p->pixels, 1, size_of(p), file) == size_of(p);
    if (fclose(file) != 0 || !good)
        return plain_job_fail(job, "CannotWrite", "%s: %s", path, strerror(errno));
    return PLAIN_OK;
}

static inline int read_open_picture(plain_job *job, const char *path, FILE *file,
                                    struct picture *out)
{
    int width, height, most;

    if (fscanf(file, "P6 %d %d %d", &width, &height, &most) != 3 || most != 255 ||
        fgetc(file) != '\n')
        return plain_job_fail(job, "BadPicture", "%s is no picture of the kind P6", path);
    int r = make_picture(job, width, height, out);
    if (r == PLAIN_OK && fread(out->pixels, 1, size_of(out), file) != size_of(out))
        r = plain_job_fail(job, "BadPicture", "%s ends too early", path);
    return r;
}

static inline int read_picture(plain_job *job, const char *path, struct picture *out)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        return plain_job_fail(job, "CannotRead", "%s: %s", path, strerror(errno));
    int r = read_open_picture(job, path, file, out);
    (void)fclose(file);
    return r;
}

#endif
