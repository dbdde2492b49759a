#include "core/adopt.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

static bool is_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

int struct_adopt(const char *what, const char *fix, void *dst, size_t dst_size, const void *src,
                 size_t src_size, plain_error *err)
{
    size_t common = src_size < dst_size ? src_size : dst_size;

    if (src_size < sizeof(size_t) || src_size > ADOPT_SIZE_MAX) {
        (void)error_set(err, PLAIN_E_VERSION, 702, "size", "%s says that its size is %zu bytes",
                        what, src_size);
        error_fix(err, "fill it with %s", fix);
        return PLAIN_E_VERSION;
    }
    if (!is_zero((const unsigned char *)src + common, src_size - common))
        return error_set(err, PLAIN_E_VERSION, 702, "size",
                         "%s has %zu bytes, of which this library knows %zu, and sets a field "
                         "behind them",
                         what, src_size, dst_size);
    memset(dst, 0, dst_size);
    memcpy(dst, src, common);
    return PLAIN_OK;
}
