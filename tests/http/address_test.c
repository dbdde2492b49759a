/* address_test.c - what is the loopback, spelt plainly, and what is not */
#include "http/address.h"

#include "tests/harness/harness.h"

static const char *read_back(const char *listen)
{
    static char text[HTTP_ADDRESS_SIZE];
    struct http_address address;
    plain_error err = {0};

    int r = http_address_parse(listen, &address, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(r, PLAIN_OK);
    return http_address_text(&address, text);
}

static void the_loopback_is_an_address(void **state)
{
    (void)state;
    assert_string_equal(read_back("127.0.0.1:8642"), "127.0.0.1:8642");
    assert_string_equal(read_back("127.0.0.5:8642"), "127.0.0.5:8642");
    assert_string_equal(read_back("127.255.255.255:1"), "127.255.255.255:1");
    assert_string_equal(read_back("localhost:80"), "127.0.0.1:80");
    assert_string_equal(read_back("LOCALHOST:80"), "127.0.0.1:80");
    assert_string_equal(read_back("[::1]:8642"), "[::1]:8642");
    assert_string_equal(read_back("[0:0:0:0:0:0:0:1]:8642"), "[::1]:8642");
    assert_string_equal(read_back("127.0.0.1:0"), "127.0.0.1:0");
    assert_string_equal(read_back("127.0.0.1:65535"), "127.0.0.1:65535");
    assert_string_equal(read_back("[::1]:65535"), "[::1]:65535");
}

static void check_refused(const char *listen, int pj)
{
    struct http_address address;
    plain_error err = {0};

    if (http_address_parse(listen, &address, &err) != PLAIN_E_INVALID || err.pj != pj)
        fail_msg("\"%s\": PJ%d \"%s\"", listen, err.pj, err.message);
    assert_string_equal(err.field, "listen");
    assert_true(err.message[0] != '\0');
    assert_true(err.fix[0] != '\0');
    assert_int_equal(http_address_parse(listen, &address, NULL), PLAIN_E_INVALID);
}

static void what_others_reach_is_refused(void **state)
{
    static const char *const listens[] = {
        "0.0.0.0:8642", "0.0.0.0:0",     "10.0.0.1:8642",         "126.255.255.255:1",
        "128.0.0.1:1",  "1.0.0.127:1",   "255.255.255.255:1",     "[::]:8642",
        "[::2]:8642",   "[fe80::1]:1",   "[::ffff:127.0.0.1]:1",  "[2001:db8::1]:8642",
        "[1::]:1",      "192.168.0.1:1", "[::ffff:0.0.0.0]:8642",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(listens) / sizeof(listens[0]); i++)
        check_refused(listens[i], 706);
}

static const char *const no_addresses[] = {
    /* no host, or none that is one */
    "",
    ":",
    ":8642",
    "8642",
    "*:8642",
    "localhost.evil.com:1",
    "127.0.0.1.evil.com:1",
    "evil.com:1",
    "localhost.:1",
    "127.1:1",
    "127.0.1:1",
    "0x7f000001:1",
    "2130706433:1",
    "0177.0.0.1:1",
    "127.0.0.01:1",
    "127.0.0.256:1",
    "127.0.0.1.:1",
    "127.0.0:1",
    "127.0.0.-1:1",
    "user@127.0.0.1:1",
    "http://127.0.0.1:1",
    "127.0.0.1/8:1",
    "127.0.0.1%00:1",
    /* brackets */
    "::1",
    "::1:8642",
    "[::1",
    "[::1:8642",
    "::1]:8642",
    "[]:1",
    "[::1]]:1",
    "[[::1]]:1",
    "[127.0.0.1]:1",
    "[localhost]:1",
    "[::1%lo]:1",
    "[::1]8642",
    "[:::1]:1",
    "x[::1]:1",
    /* blanks */
    " 127.0.0.1:1",
    "127.0.0.1 :1",
    "127.0.0.1: 1",
    "127.0.0.1:1 ",
    "127.0.0.1:1\n",
    "local host:1",
    "\t[::1]:1",
    "[ ::1]:1",
    /* ports */
    "127.0.0.1",
    "[::1]",
    "localhost",
    "127.0.0.1:",
    "[::1]:",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "127.0.0.1:-0",
    "127.0.0.1:+1",
    "127.0.0.1:abc",
    "127.0.0.1:1a",
    "127.0.0.1:0x50",
    "127.0.0.1:1.5",
    "127.0.0.1:99999999999999999999",
    "127.0.0.1:80:80",
    "127.0.0.1::80",
    /* longer than any */
    "1111111111111111111111111111111111111111111111111111111111111111111111111111:1",
    "[11111111111111111111111111111111111111111111111111111111111111111111111111]:1",
};

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(no_addresses) / sizeof(no_addresses[0]); i++)
        check_refused(no_addresses[i], 201);
}

static void a_host_of_the_loopback_is_one(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1",      "127.0.0.5", "localhost",       "LOCALHOST", "LocalHost:1",
        "127.0.0.1:8642", "[::1]",     "[::1]:8642",      "[0::1]:1",  "localhost:65535",
        "127.1.2.3:80",   "127.0.0.0", "127.255.255.255",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (!http_host_is_loopback(hosts[i]))
            fail_msg("\"%s\" is refused", hosts[i]);
    }
}

static const char *const other_hosts[] = {
    "",
    ":",
    ":80",
    "0.0.0.0",
    "0.0.0.0:8642",
    "::",
    "::1",
    "[::]",
    "[::]:8642",
    "0",
    "localhos",
    "localhost.evil.com",
    "127.0.0.1.evil.com",
    "localhostx",
    "xlocalhost",
    "localhost.",
    "evil.com",
    "evil.localhost",
    "127.1",
    "127.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "128.0.0.1",
    "12.0.0.1",
    "10.0.0.1",
    "1.127.0.0",
    "user@127.0.0.1",
    "user:pw@127.0.0.1",
    "127.0.0.1@evil.com",
    "127.0.0.1#evil.com",
    "127.0.0.1/evil.com",
    "127.0.0.1\\evil.com",
    "127.0.0.1,evil.com",
    "127.0.0.1, localhost",
    "http://127.0.0.1",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1 evil.com",
    "local host",
    "localhost\t",
    "localhost:",
    "127.0.0.1:",
    "[::1]:",
    "localhost:0",
    "localhost:65536",
    "localhost:-1",
    "localhost:-80",
    "localhost:+80",
    "localhost:abc",
    "localhost:80a",
    "localhost: 80",
    "localhost:80 ",
    "localhost:80:80",
    "localhost:80@evil.com",
    "localhost:99999999999999999999",
    "[::1",
    "::1]",
    "[::1]x",
    "[::1].evil.com",
    "[::1]80",
    "[[::1]]",
    "[]",
    "[localhost]",
    "[127.0.0.1]",
    "[::1%lo]",
    "[::ffff:127.0.0.1]",
    "[::2]",
    "[fe80::1]",
    "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1",
    "127\xE3\x80\x82\x30.0.1",
    "\xFF",
    "127.0.0.1\x7F",
    "%6cocalhost",
    "127.0.0.1%2eevil.com",
    "1111111111111111111111111111111111111111111111111111111111111111111111111111",
};

static void any_other_host_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(other_hosts) / sizeof(other_hosts[0]); i++) {
        if (http_host_is_loopback(other_hosts[i]))
            fail_msg("\"%s\" is let in", other_hosts[i]);
    }
}

HARNESS_MAIN(the_loopback_is_an_address, what_others_reach_is_refused,
             what_is_no_address_is_refused, a_host_of_the_loopback_is_one, any_other_host_is_none)
