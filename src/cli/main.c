/*
 * main.c - the program `plain`: every command, no job class of its own
 */
#include <plain/jobs/main.h>

int main(int argc, char **argv)
{
    return plain_main(argc, argv, NULL);
}
