/*
 * plain/jobs/main.h - a program that is its own worker (library plain-jobs-main)
 *
 *     int main(int argc, char **argv)
 *     {
 *         return plain_main(argc, argv, &plain_module_v1);
 *     }
 *
 * gives the program every command of `plain`: `./app jobs worker`, `./app migrate`, ...
 */
#ifndef PLAIN_JOBS_MAIN_H
#define PLAIN_JOBS_MAIN_H

#include <plain/jobs/class.h>
#include <plain/jobs/compiler.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs one command and returns its exit code. module: the program's own classes, or NULL. Call it
 * from main, before any thread is started; `jobs worker` and the runners that it starts (the same
 * program again) install handlers for SIGTERM, SIGINT and fatal signals. */
PLAIN_EXPORT int plain_main(int argc, char **argv, const plain_module *module);

#ifdef __cplusplus
}
#endif

#endif
