#include "controller/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>

namespace datamesh {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

/// Compared with names in lower case that have lost everything but letters and digits.
constexpr std::array<std::string_view, 10> kSecretParts = {
    "secret", "password", "passwd", "authorization", "sessiontoken",
    "accesskey", "privatekey", "credential", "externalid", "cookie"};

/// Tokens that only say where a list continues are no secrets.
constexpr std::array<std::string_view, 3> kHarmlessTokens = {"nexttoken", "continuetoken", "clienttoken"};

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

void redact(Json& value) {
  if (value.is_object()) {
    for (auto it = value.begin(); it != value.end(); ++it) {
      if (is_secret_field(it.key())) {
        it.value() = "[redacted]";
      } else {
        redact(it.value());
      }
    }
  } else if (value.is_array()) {
    for (Json& element : value) redact(element);
  }
}

class CallbackSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CallbackSink(Log::Sink sink) : sink_(std::move(sink)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    sink_(std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

  Log::Sink sink_;
};

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string_view to_string(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> parse_log_level(std::string_view name) {
  const auto* const found = std::find(kLevelNames.begin(), kLevelNames.end(), name);
  if (found == kLevelNames.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevelNames.begin());
}

bool is_secret_field(std::string_view name) {
  const std::string plain = folded(name);
  const auto holds = [&](std::string_view part) { return plain.find(part) != std::string::npos; };
  if (std::any_of(kSecretParts.begin(), kSecretParts.end(), holds)) return true;
  const bool harmless = std::find(kHarmlessTokens.begin(), kHarmlessTokens.end(), plain) !=
                        kHarmlessTokens.end();
  return plain.ends_with("token") && !harmless;
}

Json redacted(Json value) {
  redact(value);
  return value;
}

class Log::Impl {
 public:
  Impl(const Clock& clock, LogLevel level, spdlog::sink_ptr sink)
      : clock_(clock), level_(level), logger_("datamesh", std::move(sink)) {
    logger_.set_level(spdlog::level::trace);  // `level_` decides
    logger_.set_pattern("%v");
    logger_.flush_on(spdlog::level::trace);
  }

  void write(LogLevel level, std::string_view message, const Json& fields) {
    if (level < level_) return;
    std::string line = R"({"time":")" + to_rfc3339(clock_.now()) + R"(","level":")";
    line.append(to_string(level)).append(R"(","msg":)").append(dump(std::string(message)));
    if (fields.is_object()) {
      const Json shown = redacted(fields);
      for (const auto& [name, value] : shown.items()) {
        line.append(",").append(dump(name)).append(":").append(dump(value));
      }
    }
    line += '}';
    logger_.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  const Clock& clock_;
  LogLevel level_;
  spdlog::logger logger_;
};

Log::Log(const Clock& clock, LogLevel level)
    : impl_(std::make_unique<Impl>(clock, level, std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}

Log::Log(const Clock& clock, LogLevel level, Sink sink)
    : impl_(std::make_unique<Impl>(clock, level, std::make_shared<CallbackSink>(std::move(sink)))) {}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message, const Json& fields) {
  impl_->write(level, message, fields);
}

}  // namespace datamesh
