#include "controller/http/response_head.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace datamesh::http {
namespace {

struct Phrase {
  int status;
  const char* text;
};

constexpr std::array kPhrases = {
    Phrase{200, "OK"},                     Phrase{201, "Created"},
    Phrase{202, "Accepted"},               Phrase{204, "No Content"},
    Phrase{301, "Moved Permanently"},      Phrase{302, "Found"},
    Phrase{304, "Not Modified"},           Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},           Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},              Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},         Phrase{409, "Conflict"},
    Phrase{410, "Gone"},                   Phrase{413, "Request Entity Too Large"},
    Phrase{414, "URI Too Long"},           Phrase{415, "Unsupported Media Type"},
    Phrase{417, "Expectation Failed"},     Phrase{422, "Unprocessable Entity"},
    Phrase{429, "Too Many Requests"},      Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},  Phrase{501, "Not Implemented"},
    Phrase{503, "Service Unavailable"},    Phrase{504, "Gateway Timeout"},
};

const char* phrase_of(int status) {
  const auto found = std::find_if(kPhrases.begin(), kPhrases.end(), [&](const Phrase& p) { return p.status == status; });
  return found == kPhrases.end() ? "Status" : found->text;
}

/// What the server says itself.
bool is_ours(const std::string& name) {
  return ::strcasecmp(name.c_str(), "Content-Length") == 0 || ::strcasecmp(name.c_str(), "Transfer-Encoding") == 0 ||
         ::strcasecmp(name.c_str(), "Connection") == 0;
}

void add_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) head += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  head += "\r\n";
}

}  // namespace

std::string response_head(const Response& response, Framing framing, Persistence persistence) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " + phrase_of(response.status) + "\r\n";
  if (!response.content_type.empty()) add_field(head, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) {
    if (!is_ours(name)) add_field(head, name, value);
  }
  if (framing == Framing::Length) add_field(head, "Content-Length", std::to_string(response.body.size()));
  if (framing == Framing::Chunked) add_field(head, "Transfer-Encoding", "chunked");
  if (persistence == Persistence::Close) add_field(head, "Connection", "close");
  return head + "\r\n";
}

std::string chunk(std::string_view data) {
  if (data.empty()) return {};
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), data.size(), 16).ptr;
  std::string framed(digits.data(), end);
  framed.reserve(framed.size() + data.size() + 4);
  framed += "\r\n";
  framed += data;
  framed += "\r\n";
  return framed;
}

}  // namespace datamesh::http
