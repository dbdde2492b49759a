/*
 * report.h - telling an error to the user, as a block for people or as one JSON object
 *
 *     error[PJ101]: there is no job class "resize_imge"; did you mean "resize_image"?
 *       → see the names with `plain jobs list`
 */
#ifndef PLAIN_CLI_REPORT_H
#define PLAIN_CLI_REPORT_H

#include <stdbool.h>

#include <plain/jobs/error.h>

/* To stderr. */
void report_error(const plain_error *err, bool json, bool colours);

#endif
