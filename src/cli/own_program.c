#include "cli/own_program.h"

#include <unistd.h>

const char *own_program(const struct cli *cli, char room[PATH_MAX])
{
    static const char image[] = "/proc/self/exe";

    room[0] = '\0';
    if (!cli->own)
        return image;
    ssize_t n = readlink(image, room, PATH_MAX - 1);
    room[n > 0 ? n : 0] = '\0';
    return n > 0 ? room : image;
}
