// AWS's own cases, each under its own name, and what a server must refuse.
#include "controller/aws/sigv4.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/aws/digest.h"

namespace datamesh::aws::sigv4 {
namespace {

namespace fs = std::filesystem;

const std::string kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr Time kWhen{std::chrono::seconds(1'440'938'160)};  // 2015-08-30T12:36:00Z

fs::path folder() { return fs::path(DATAMESH_SOURCE_DIR) / "tests/aws/sigv4"; }

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::string out = text.str();
  std::erase(out, '\r');
  return out;
}

/// The request of a .req file. A line that begins with a space continues the header before it.
Request parse(const std::string& text) {
  Request out;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const std::size_t target = line.find(' ') + 1;
  out.method = line.substr(0, target - 1);
  set_target(out, std::string_view(line).substr(target, line.rfind(" HTTP/") - target));
  std::vector<std::pair<std::string, std::string>> headers;
  while (std::getline(lines, line) && !line.empty()) {
    if (line[0] == ' ') {
      headers.back().second += "\n" + line;
    } else {
      headers.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
  }
  for (const auto& [name, value] : headers) out.headers.add(name, value);
  std::getline(lines, out.body, '\0');
  return out;
}

struct Case {
  std::string name;  ///< "normalize-path/get-slash"
  std::string file(const std::string& extension) const {
    return read(folder() / name / (fs::path(name).filename().string() + extension));
  }
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder())) {
    if (entry.path().extension() == ".req") out.push_back({fs::relative(entry.path().parent_path(), folder()).string()});
  }
  return out;
}

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class SigV4Suite : public ::testing::TestWithParam<Case> {
 protected:
  /// Keys with the token that the case names, if any.
  Keys keys(const Request& request) const {
    Keys out{"AKIDEXAMPLE", kSecret, request.headers.find("X-Amz-Security-Token").value_or("")};
    const std::string canonical = GetParam().file(".creq");
    constexpr std::string_view kToken = "\nx-amz-security-token:";
    if (const auto at = canonical.find(kToken); at != std::string::npos) {
      const auto begin = at + kToken.size();
      out.session_token = canonical.substr(begin, canonical.find('\n', begin) - begin);
    }
    return out;
  }
  static Purpose purpose() {
    Purpose out{"us-east-1", "service"};
    if (GetParam().name.ends_with("post-sts-header-after")) out.token = TokenRule::AddedAfterwards;
    return out;
  }
};

TEST_P(SigV4Suite, IsSignedAsAwsSignsIt) {
  Request request = parse(GetParam().file(".req"));
  sign(request, keys(request), purpose(), kWhen);
  const auto header = request.headers.find("Authorization");
  ASSERT_TRUE(header);
  EXPECT_EQ(*header, GetParam().file(".authz"));
  const auto authorization = parse_authorization(*header);
  ASSERT_TRUE(authorization) << to_string(authorization.error());
  const std::string canonical = canonical_request(request, authorization->signed_headers, PathRule::Normalized);
  EXPECT_EQ(canonical, GetParam().file(".creq"));
  EXPECT_EQ(string_to_sign(canonical, timestamp(kWhen), authorization->scope), GetParam().file(".sts"));
}

TEST_P(SigV4Suite, IsAcceptedAsAwsSignedIt) {
  Request request = parse(GetParam().file(".req"));
  if (GetParam().name.ends_with("with-session-token")) {
    request.headers.add("X-Amz-Security-Token", keys(request).session_token);
  }
  const auto authorization = parse_authorization(GetParam().file(".authz"));
  ASSERT_TRUE(authorization);
  const auto accepted = verify(request, *authorization, kSecret);
  EXPECT_TRUE(accepted) << to_string(accepted.error());
  EXPECT_FALSE(verify(request, *authorization, kSecret + "x"));
}

std::string test_name(const ::testing::TestParamInfo<Case>& info) {
  std::string out = info.param.name;
  for (char& c : out) {
    if (c == '-' || c == '/') c = '_';
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Aws, SigV4Suite, ::testing::ValuesIn(cases()), test_name);

TEST(SigV4, TheWholeSuiteIsThere) { EXPECT_EQ(cases().size(), 34u); }

Request signed_request() {
  Request out{"POST", "/a%20b", "x=1&y=2", {{"Host", "glue.eu-west-1.amazonaws.com"}, {"X-Amz-Target", "T"}}, "{}", {}};
  sign(out, {"AKID", kSecret, "token"}, {"eu-west-1", "glue"}, kWhen);
  return out;
}

Result<void> check(const Request& request) {
  const auto authorization = parse_authorization(request.headers.find("Authorization").value_or(""));
  if (!authorization) return fail(authorization.error());
  return verify(request, *authorization, kSecret);
}

std::string refusal(const Request& request) {
  const auto result = check(request);
  return result ? "accepted" : result.error().code;
}

http::Headers replaced(const http::Headers& headers, const std::string& name, const std::string& value) {
  http::Headers out;
  for (const auto& [each, old] : headers) {
    if (each != name) out.add(each, old);
  }
  if (!value.empty()) out.add(name, value);
  return out;
}

TEST(SigV4, WhateverIsChangedOnTheWayIsNoticed) {
  ASSERT_TRUE(check(signed_request()));
  Request changed = signed_request();
  changed.body = "{ }";
  EXPECT_EQ(refusal(changed), "SignatureDoesNotMatch");
  changed = signed_request();
  changed.path = "/a%20c";
  EXPECT_EQ(refusal(changed), "SignatureDoesNotMatch");
  changed = signed_request();
  changed.query = "x=1&y=3";
  EXPECT_EQ(refusal(changed), "SignatureDoesNotMatch");
  changed = signed_request();
  changed.headers = replaced(changed.headers, "X-Amz-Security-Token", "other");
  EXPECT_EQ(refusal(changed), "SignatureDoesNotMatch");
  changed = signed_request();
  changed.headers = replaced(changed.headers, "X-Amz-Date", "20150830T123601Z");
  EXPECT_EQ(refusal(changed), "SignatureDoesNotMatch");
}

TEST(SigV4, WhatIsMissingIsNamed) {
  Request changed = signed_request();
  changed.headers = replaced(changed.headers, "X-Amz-Target", "");
  EXPECT_EQ(refusal(changed), "IncompleteSignature");
  changed = signed_request();
  changed.headers = replaced(changed.headers, "X-Amz-Date", "");
  EXPECT_EQ(refusal(changed), "IncompleteSignature");
  changed = signed_request();
  changed.headers = replaced(changed.headers, "X-Amz-Date", "20150831T000000Z");
  EXPECT_EQ(refusal(changed), "IncompleteSignature");
}

TEST(SigV4, AHashThatIsNotTheBodysIsRefused) {
  Request request{"PUT", "/k", "", {{"Host", "s3"}, {"X-Amz-Content-Sha256", to_hex(sha256("abc"))}}, "abc", {}};
  sign(request, {"AKID", kSecret, ""}, {"eu-west-1", "s3", PathRule::AsItIs}, kWhen);
  EXPECT_TRUE(verify(request, *parse_authorization(*request.headers.find("Authorization")), kSecret, PathRule::AsItIs));
  request.body = "abd";
  EXPECT_EQ(refusal(request), "XAmzContentSHA256Mismatch");
}

TEST(SigV4, AnAuthorizationIsTakenApart) {
  const auto parsed = parse_authorization(
      "AWS4-HMAC-SHA256 Credential=AK/ID/20150830/us-east-1/service/aws4_request,SignedHeaders=host;x-amz-date,"
      "   Signature=abc");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, (Authorization{"AK/ID", {"20150830", "us-east-1", "service"}, {"host", "x-amz-date"}, "abc"}));
  for (const char* broken :
       {"", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=/20150830/r/s/aws4_request, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, Signature=x",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host"}) {
    const auto refused = parse_authorization(broken);
    ASSERT_FALSE(refused) << broken;
    EXPECT_EQ(refused.error().code, "IncompleteSignature") << broken;
  }
}

TEST(SigV4, S3TakesThePathAsItIs) {
  const Request request{"GET", "/my//object/./a%20b", "", {{"Host", "h"}}, "", {}};
  EXPECT_TRUE(canonical_request(request, {"host"}, PathRule::AsItIs).starts_with("GET\n/my//object/./a%20b\n"));
  EXPECT_TRUE(canonical_request(request, {"host"}, PathRule::Normalized).starts_with("GET\n/my/object/a%2520b\n"));
}

TEST(SigV4, WhatProxiesChangeIsNotSigned) {
  Request request{"GET", "/", "", {{"Host", "h"}, {"User-Agent", "x"}, {"X-Amzn-Trace-Id", "t"}}, "", {}};
  sign(request, {"AKID", kSecret, ""}, {"r", "s"}, kWhen);
  EXPECT_EQ(parse_authorization(*request.headers.find("Authorization"))->signed_headers,
            (std::vector<std::string>{"host", "x-amz-date"}));
}

TEST(SigV4, TimesAreReadAsTheyAreWritten) {
  EXPECT_EQ(timestamp(kWhen), "20150830T123600Z");
  EXPECT_EQ(parse_timestamp("20150830T123600Z"), kWhen);
  for (const char* broken : {"", "20150830", "2015-08-30T12:36:00Z", "20151330T123600Z", "20150830T123600+"}) {
    EXPECT_FALSE(parse_timestamp(broken)) << broken;
  }
}

}  // namespace
}  // namespace datamesh::aws::sigv4
