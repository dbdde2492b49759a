#include "base/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

bool file_text(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t n = 0;

    out[0] = '\0';
    if (fd < 0)
        return false;
    while (used < size - 1 && (n = read(fd, out + used, size - 1 - used)) > 0)
        used += (size_t)n;
    int why = errno;
    (void)close(fd);
    errno = why;
    out[n < 0 ? 0 : used] = '\0';
    return n >= 0;
}

int64_t file_text_number(const char *text)
{
    char digits[24];
    int64_t n;
    size_t length = strspn(text, "0123456789");

    if (length == 0 || length >= sizeof(digits))
        return -1;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return text_parse_int64(digits, 0, INT64_MAX, &n) ? n : -1;
}
