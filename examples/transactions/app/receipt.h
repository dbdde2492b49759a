/* receipt.h - what the shop and the worker share */
#ifndef RECEIPT_H
#define RECEIPT_H

#include <plain/jobs.h>

struct receipt {
    int64_t order_id;
};

extern const plain_job_class ReceiptJob;
PLAIN_JOB_TYPED(ReceiptJob, struct receipt)

#endif
