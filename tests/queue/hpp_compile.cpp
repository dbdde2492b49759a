// hpp_compile.cpp - everything that plain/jobs.hpp offers, in a program; with a URL as its argument
// it enqueues there and says what came of it, without it does nothing but compile
#include <plain/jobs.hpp>

#include <cstdio>

namespace
{

struct welcome_user {
    int64_t user_id;
    const char *locale;
    bool urgent;
    unsigned tries;
    double weight;
    plain_json extra;
};

const plain_param welcome_user_params[] = {
    PLAIN_PARAM(welcome_user, user_id, 0),
    PLAIN_PARAM(welcome_user, locale, PLAIN_OPTIONAL),
    PLAIN_PARAM(welcome_user, urgent, 0),
    PLAIN_PARAM(welcome_user, tries, 0),
    PLAIN_PARAM(welcome_user, weight, 0),
    PLAIN_PARAM(welcome_user, extra, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

plain_job_class make_class()
{
    plain_job_class cls{};
    cls.size = sizeof(cls);
    cls.param_size = sizeof(plain_param);
    cls.params_size = sizeof(welcome_user);
    cls.name = "WelcomeUserJob";
    cls.params = welcome_user_params;
    cls.run = [](plain_job *, const void *) { return PLAIN_OK; };
    return cls;
}

int enqueue(const char *url)
{
    const plain_job_class cls = make_class();
    plain::jobs opened{std::string(url)};
    plain::jobs jobs{std::move(opened)};
    plain_options options = plain::options();
    options.queue = "slow";
    options.concurrency_key = "one";
    welcome_user user{};
    user.user_id = 42;

    plain::request first = jobs.run_in_worker(cls, user, options);
    plain::request second = jobs.run_in_worker(cls, user, options);
    plain::request other =
        jobs.run_in_worker_json(cls, R"({"user_id": 1, "urgent": true, "tries": 1, "weight": 1})");
    plain::request third = jobs.run_in_worker_by_name("Elsewhere", R"({"n": 1})");
    try {
        (void)jobs.run_in_worker_by_name("");
        return 1;
    } catch (const plain::error &e) {
        std::printf("PJ%d %s\n", e.detail().pj, e.what());
    }
    std::printf("%s, held by %s\n", first.uuid().c_str(), second.holder().c_str());
    return first && !second && other && third && second.holder() == first.uuid() ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    try {
        return argc > 1 ? enqueue(argv[1]) : 0;
    } catch (const plain::error &e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 2;
    }
}
