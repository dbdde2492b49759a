/*
 * plain/jobs.hpp - the C++17 face of plain/jobs.h: header only, nothing to link beside plain-jobs
 *
 *     struct welcome_user { int64_t user_id; const char *locale; };
 *
 *     static const plain_param welcome_user_params[] = {
 *         PLAIN_PARAM(welcome_user, user_id, 0),
 *         PLAIN_PARAM(welcome_user, locale, PLAIN_OPTIONAL),
 *         PLAIN_PARAMS_END,
 *     };
 *
 *     static plain_job_class make_class() // or in C, where PLAIN_JOB_CLASS does it
 *     {
 *         plain_job_class cls{};
 *         cls.size = sizeof(cls);
 *         cls.param_size = sizeof(plain_param);
 *         cls.params_size = sizeof(welcome_user);
 *         cls.name = "WelcomeUserJob";
 *         cls.params = welcome_user_params;
 *         cls.run = welcome_user_run;
 *         return cls;
 *     }
 *     static const plain_job_class WelcomeUserJob = make_class();
 *
 *     plain::jobs jobs("sqlite:plain.db");
 *     plain_options options = plain::options();
 *     options.queue = "slow";
 *     options.retries = plain_int(3);
 *     plain::request made = jobs.run_in_worker(WelcomeUserJob, welcome_user{42, nullptr}, options);
 *     if (made)
 *         std::puts(made.uuid().c_str());
 *
 * Failures are thrown as plain::error, which holds the plain_error; a held concurrency key is none,
 * and gives a request that is false. A function of a class must not throw: catch, and return what
 * plain/jobs/class.h says. Ownership, threads and processes are as plain/jobs/queue.h
 * says: a plain::jobs may be used by many threads at once, and moved while none uses it.
 */
#ifndef PLAIN_JOBS_HPP
#define PLAIN_JOBS_HPP

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <plain/jobs.h>

namespace plain
{

/* What a call said. what() is the message; detail() has the rest: codes, field, fix. */
class error : public std::runtime_error
{
  public:
    explicit error(const plain_error &detail, const plain_uuid &request = plain_uuid{})
        : std::runtime_error(detail.message), detail_(detail), request_(request)
    {
    }

    const plain_error &detail() const noexcept
    {
        return detail_;
    }
    int code() const noexcept
    {
        return detail_.code;
    }
    bool retryable() const noexcept
    {
        return detail_.retryable;
    }

    /* Of an enqueue that was interrupted (PLAIN_E_UNREACHABLE) the uuid that the job has if it was
     * made: with it as options.uuid the call may be repeated. Else zeros. */
    const plain_uuid &request() const noexcept
    {
        return request_;
    }

  private:
    plain_error detail_;
    plain_uuid request_;
};

/* Options with their size and the place of the call filled in, as PLAIN_OPTIONS() does in C. */
inline plain_options options(const char *file = __builtin_FILE(),
                             int line = __builtin_LINE()) noexcept
{
    plain_options o{};
    o.size = sizeof(o);
    o.source_file = file;
    o.source_line = line;
    return o;
}

/* What PLAIN_MIDDLEWARE, .name, .run and .user are in C: fn may be a lambda that captures nothing.
 */
constexpr plain_middleware middleware(const char *name, plain_middleware_fn *fn,
                                      void *user = nullptr) noexcept
{
    return {sizeof(plain_middleware), name, fn, user};
}

/* The value of plain_module_v1; each table ends in nullptr, and may be that itself:
 *
 *     extern "C" PLAIN_EXPORT const plain_module plain_module_v1 = plain::module(jobs,
 * middlewares);
 */
constexpr plain_module module(const plain_job_class *const *jobs,
                              const plain_middleware *const *middlewares = nullptr) noexcept
{
    return {sizeof(plain_module), PLAIN_MODULE_ABI, jobs, middlewares};
}

/* What an enqueue made: true when there is a new request, false when its key is held. */
class request
{
  public:
    request(const plain_request &made, bool enqueued) noexcept : made_(made), enqueued_(enqueued) {}

    explicit operator bool() const noexcept
    {
        return enqueued_;
    }
    std::string uuid() const
    {
        return text(made_.uuid);
    }
    std::string holder() const
    {
        return text(made_.holder);
    }
    const plain_request &detail() const noexcept
    {
        return made_;
    }

  private:
    static std::string text(const plain_uuid &uuid)
    {
        char out[PLAIN_UUID_TEXT];
        return plain_uuid_format(&uuid, out);
    }

    plain_request made_;
    bool enqueued_;
};

/* A queue: plain_jobs, closed when it goes out of scope. */
class jobs
{
  public:
    /* url nullptr: DATABASE_URL of the environment, else "sqlite:plain.db". */
    explicit jobs(const char *url = nullptr)
    {
        plain_error err{};
        if (plain_jobs_open(url, &handle_, &err) < 0)
            throw error(err);
    }
    explicit jobs(const std::string &url) : jobs(url.c_str()) {}
    ~jobs()
    {
        plain_jobs_close(handle_);
    }

    jobs(jobs &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    jobs &operator=(jobs &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    jobs(const jobs &) = delete;
    jobs &operator=(const jobs &) = delete;

    /* The handle for the functions of C; it stays ours. */
    plain_jobs *handle() const noexcept
    {
        return handle_;
    }

    /* With the class's struct of parameters, whose size must be the declared one. */
    template <typename Params, typename = std::enable_if_t<std::is_class_v<Params>>>
    request run_in_worker(const plain_job_class &cls, const Params &params,
                          const plain_options &options = plain::options())
    {
        static_assert(std::is_standard_layout_v<Params>, "parameters are a plain struct");
        if (cls.params_size != sizeof(Params))
            throw std::invalid_argument("the parameters are not of the job class's struct");
        return run(cls, &params, options);
    }

    /* A class without parameters. */
    request run_in_worker(const plain_job_class &cls,
                          const plain_options &options = plain::options())
    {
        return run(cls, nullptr, options);
    }

    /* With a JSON object of parameters. */
    request run_in_worker_json(const plain_job_class &cls, const std::string &json,
                               const plain_options &options = plain::options())
    {
        plain_request made{};
        plain_error err{};
        int r = plain_run_in_worker_json(handle_, &cls, json.c_str(), &options, &made, &err);
        return result(r, made, err);
    }

    /* A class that this program does not have. */
    request run_in_worker_by_name(const std::string &name, const std::string &json = "{}",
                                  const plain_options &options = plain::options())
    {
        plain_request made{};
        plain_error err{};
        int r =
            plain_run_in_worker_by_name(handle_, name.c_str(), json.c_str(), &options, &made, &err);
        return result(r, made, err);
    }

  private:
    request run(const plain_job_class &cls, const void *params, const plain_options &options)
    {
        plain_request made{};
        plain_error err{};
        int r = plain_run_in_worker(handle_, &cls, params, &options, &made, &err);
        return result(r, made, err);
    }

    static request result(int r, const plain_request &made, const plain_error &err)
    {
        if (r < 0)
            throw error(err, made.uuid);
        return request(made, r == PLAIN_OK);
    }

    plain_jobs *handle_ = nullptr;
};

/* The plain_type of a struct of params.h, 0 for any other type. */
template <typename Field> constexpr int struct_type = 0;
template <> inline constexpr int struct_type<plain_json> = PLAIN_TYPE_JSON;
template <> inline constexpr int struct_type<plain_date> = PLAIN_TYPE_DATE;
template <> inline constexpr int struct_type<plain_datetime> = PLAIN_TYPE_DATETIME;
template <> inline constexpr int struct_type<plain_model> = PLAIN_TYPE_MODEL;
template <> inline constexpr int struct_type<plain_bools> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_BOOL;
template <> inline constexpr int struct_type<plain_int32s> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_INT32;
template <> inline constexpr int struct_type<plain_int64s> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_INT64;
template <> inline constexpr int struct_type<plain_uint32s> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_UINT32;
template <> inline constexpr int struct_type<plain_doubles> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_DOUBLE;
template <> inline constexpr int struct_type<plain_strings> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_STRING;
template <> inline constexpr int struct_type<plain_jsons> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_JSON;
template <> inline constexpr int struct_type<plain_dates> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_DATE;
template <>
inline constexpr int struct_type<plain_datetimes> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_DATETIME;
template <> inline constexpr int struct_type<plain_models> = PLAIN_TYPE_ARRAY + PLAIN_TYPE_MODEL;

/* The plain_type of a field's type; a type that no parameter can have does not compile. */
template <typename Field> constexpr plain_type type_of()
{
    if constexpr (std::is_same_v<Field, bool>)
        return PLAIN_TYPE_BOOL;
    else if constexpr (std::is_integral_v<Field> && std::is_signed_v<Field> && sizeof(Field) == 4)
        return PLAIN_TYPE_INT32;
    else if constexpr (std::is_integral_v<Field> && std::is_signed_v<Field> && sizeof(Field) == 8)
        return PLAIN_TYPE_INT64;
    else if constexpr (std::is_integral_v<Field> && std::is_unsigned_v<Field> && sizeof(Field) == 4)
        return PLAIN_TYPE_UINT32;
    else if constexpr (std::is_same_v<Field, double>)
        return PLAIN_TYPE_DOUBLE;
    else if constexpr (std::is_same_v<Field, const char *> || std::is_same_v<Field, char *>)
        return PLAIN_TYPE_STRING;
    else {
        static_assert(struct_type<Field> != 0, "no parameter can have this type");
        return static_cast<plain_type>(struct_type<Field>);
    }
}

/* A row of a table of parameters; PLAIN_PARAM, as in C, fills in what it can. */
template <typename Field>
constexpr plain_param param(const char *name, unsigned flags, std::size_t offset,
                            const char *fallback = nullptr)
{
    return {name, type_of<Field>(), flags, offset, sizeof(Field), fallback};
}

} // namespace plain

#define PLAIN_PARAM(structure, field, param_flags)                                                 \
    (plain::param<decltype(structure::field)>(#field, (param_flags), offsetof(structure, field)))

#define PLAIN_PARAM_DEFAULT(structure, field, json)                                                \
    (plain::param<decltype(structure::field)>(#field, PLAIN_OPTIONAL, offsetof(structure, field),  \
                                              (json)))

#endif
