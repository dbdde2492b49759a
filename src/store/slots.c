#include "store/slots.h"

#include <stdio.h>

#include "base/text.h"
#include "base/uuid.h"
#include "store/store.h"

const char *const slot_status_names[SLOT_STATUS_COUNT] = {
    [SLOT_RUN] = "RUN", [SLOT_COALESCED] = "COALESCED", [SLOT_SKIPPED] = "SKIPPED"};

bool slot_status_parse(const char *name, enum slot_status *out)
{
    for (int i = 0; i < SLOT_STATUS_COUNT; i++) {
        if (text_equal_nocase(name, slot_status_names[i])) {
            *out = (enum slot_status)i;
            return true;
        }
    }
    return false;
}

void slot_refusal(const struct slot_job *job, const plain_request *held, char out[SLOT_REASON_MAX])
{
    char holder[PLAIN_UUID_TEXT];

    if (job->rule) {
        (void)snprintf(out, SLOT_REASON_MAX, "should_enqueue of its class said no");
        return;
    }
    (void)snprintf(out, SLOT_REASON_MAX, "its concurrency key '%.255s' is held%s%s",
                   job->request->concurrency_key, uuid_is_zero(&held->holder) ? "" : " by request ",
                   uuid_is_zero(&held->holder) ? "" : plain_uuid_format(&held->holder, holder));
}
