#include "runtime/program.h"

#include "runtime/process_info.h"
#include "runtime/version.h"

#include <unistd.h>

#include <cstdio>
#include <exception>

namespace windlass::runtime {
namespace {

LogLevel level_named(std::string_view name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warn") return LogLevel::warn;
  if (name == "error") return LogLevel::error;
  return LogLevel::info;
}

LogFormat format_named(std::string_view name) {
  if (name == "logfmt") return LogFormat::logfmt;
  if (name == "json") return LogFormat::json;
  return LogFormat::automatic;
}

// "windlass-gateway" -> "gateway"
std::string role_of(const std::string& program) {
  const auto dash = program.find('-');
  return dash == std::string::npos ? program : program.substr(dash + 1);
}

Address admin_address(const CommonConfig& common) {
  const auto address = parse_address(common.admin_address);
  if (!address)
    throw ConfigError("--admin-address: '" + common.admin_address + "' is not HOST:PORT");
  return *address;
}

// The settings that are not defaults: what a reader of the log needs to know of this start.
void log_settings(Log& log, const OptionTable& options) {
  for (const Option& option : options.options()) {
    if (option.origin == "default") continue;
    const std::string value = option.secret ? "(secret)" : value_text(option.target);
    log.info("setting", {{"name", option.name}, {"value", value}, {"origin", option.origin}});
  }
}

// Any role: whether it is ready, and what its log complains of.
void watch_role(Metrics& metrics, const Readiness& readiness, const Log& log) {
  metrics.at_scrape(
      [&readiness, &log, ready = metrics.gauge(metric::ready),
       warnings = RisingCounter(metrics.counter(metric::log_lines, {"warn"})),
       errors = RisingCounter(metrics.counter(metric::log_lines, {"error"}))]() mutable {
        ready.set(readiness.state().ready ? 1 : 0);
        warnings.reach(log.warnings());
        errors.reach(log.errors());
      });
}

int run_role(OptionTable& options, const CommonConfig& common, Log& log,
             const std::function<int(Program&)>& body) {
  const std::string role = role_of(options.program());
  Shutdown shutdown;
  Readiness readiness;
  Metrics metrics(role);
  watch_role(metrics, readiness, log);
  AdminServer admin(admin_address(common), metrics, readiness);
  log.info("starting",
           {{"version", version()}, {"pid", ::getpid()}, {"admin", to_string(admin.address())}});
  log_settings(log, options);
  Program program{role, log, metrics, readiness, shutdown, admin.address(), {}};
  program.announce = [&](const std::string& address, std::map<std::string, std::string> endpoints) {
    if (!common.status_file.empty()) {
      const int pid = ::getpid();
      write_status_file(common.status_file,
                        ProgramStatus{role, pid, start_of_process(pid), address,
                                      to_string(admin.address()), std::move(endpoints)});
    }
    log.info("started", {{"address", address}});
  };
  const int code = body(program);
  log.info("stopped", {{"code", code}});
  return code;
}

}  // namespace

int run_program(OptionTable& options, const CommonConfig& common, int argc, char** argv,
                const std::function<int(Program&)>& body,
                const std::function<void()>& before_threads) {
  if (const auto code = load_config_or_exit(options, argc, argv)) return *code;
  Log log(role_of(options.program()), level_named(common.log_level),
          format_named(common.log_format));
  try {
    if (before_threads) before_threads();
    return run_role(options, common, log, body);
  } catch (const StartRefused& refusal) {
    std::fprintf(stderr, "%s: %s\n", options.program().c_str(), refusal.what());
    return 2;
  } catch (const std::exception& failure) {
    log.error("failed", {{"error", failure.what()}});
    return 1;
  }
}

}  // namespace windlass::runtime
