/* jobs.c - the receipt that every order gets */
#include <inttypes.h>
#include <stdio.h>

#include "receipt.h"

static int send_receipt(plain_job *job, const void *params)
{
    const struct receipt *self = params;
    char path[64];

    (void)snprintf(path, sizeof(path), "spool/order-%" PRId64 ".txt", self->order_id);
    FILE *f = fopen(path, "w");
    if (!f)
        return plain_job_fail(job, "SpoolError", "cannot write %s", path);
    fprintf(f, "Thank you for order %" PRId64 ".\n", self->order_id);
    return fclose(f) == 0 ? PLAIN_OK : plain_job_fail(job, "SpoolError", "cannot write %s", path);
}

static const plain_param receipt_params[] = {PLAIN_PARAM(struct receipt, order_id, 0),
                                             PLAIN_PARAMS_END};

const plain_job_class ReceiptJob = {
    PLAIN_JOB_CLASS(struct receipt), .name = "ReceiptJob", .doc = "Write the receipt of an order.",
    .params = receipt_params,        .default_retries = 3, .run = send_receipt,
};

PLAIN_REGISTER_JOBS(&ReceiptJob);
