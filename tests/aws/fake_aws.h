// A machine in memory, and a sender that answers as a test says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/aws/credentials.h"
#include "controller/aws/sender.h"

namespace datamesh::aws::testing {

inline constexpr Time kNow{std::chrono::seconds(1'795'334'400)};  // 2026-11-22T08:00:00Z

struct Sent {
  std::string base;
  http::Request request;
};

class FakeSender final : public Sender {
 public:
  using Answer = std::function<Result<http::Response>(const std::string& base, const http::Request& request)>;

  using Sender::send;
  Result<http::Response> send(const std::string& base, const http::Request& request, Millis, AtEnd) override {
    sent.push_back({base, request});
    return answer(base, request);
  }

  std::vector<Sent> sent;
  Answer answer = [](const std::string& base, const http::Request&) {
    return fail(ErrorKind::Transient, "no response", base);
  };
};

inline http::Response reply(int status, std::string body, http::Headers headers = {}) {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}

/// The credentials that STS gives for `operation`.
inline http::Response session(const std::string& operation, const std::string& access_key) {
  return reply(200, "<" + operation + "Response><" + operation + "Result><Credentials><AccessKeyId>" + access_key +
                        "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
                        "2026-11-22T09:00:00Z</Expiration></Credentials></" +
                        operation + "Result></" + operation + "Response>");
}

inline http::Response caller(const std::string& account) {
  return reply(200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>" + account +
                        "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
}

struct FakeFiles {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> programs;  ///< "command argument" to what it prints

  Machine machine(Environment environment) {
    environment.try_emplace("HOME", "/home/me");
    Machine out;
    out.environment = std::move(environment);
    out.read = [this](const std::string& path) -> Result<std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return fail(ErrorKind::NotFound, "absent", path);
      return found->second;
    };
    out.run = [this](const ProgramCall& call) -> Result<std::string> {
      std::string line = call.command;
      for (const std::string& argument : call.arguments) line += "|" + argument;
      const auto found = programs.find(line);
      if (found == programs.end()) return fail(ErrorKind::NotFound, "no such program", line);
      return found->second;
    };
    return out;
  }
};

}  // namespace datamesh::aws::testing
