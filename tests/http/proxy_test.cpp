// Which proxy the variables of the environment choose. The expectations are those of Go's httpproxy tests and of curl's
// manual; where the two differ, the AWS CLI decides.
#include "controller/http/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace datamesh::http {
namespace {

constexpr const char* kProxy = "http://proxy:3128";

bool goes_directly(const std::string& base, const std::string& none) {
  return proxy_for(base, {kProxy, kProxy, none}).empty();
}

TEST(ProxySettings, LowerCaseBeatsCapitals) {
  const auto read = [](std::map<std::string, std::string> all) {
    return proxy_settings([all](const std::string& name) { return all.contains(name) ? all.at(name) : ""; });
  };
  EXPECT_EQ(read({}), ProxySettings{});
  EXPECT_EQ(read({{"HTTPS_PROXY", "a"}, {"HTTP_PROXY", "b"}, {"NO_PROXY", "c"}}), (ProxySettings{"a", "b", "c"}));
  EXPECT_EQ(read({{"https_proxy", "x"}, {"HTTPS_PROXY", "a"}, {"no_proxy", "y"}, {"NO_PROXY", "c"}}),
            (ProxySettings{"x", "", "y"}));
}

TEST(ProxyFor, TheSchemeOfTheServerChoosesTheVariable) {
  const ProxySettings both = {"http://secure:1", "http://plain:2", ""};
  EXPECT_EQ(proxy_for("https://glue.eu-west-1.amazonaws.com", both), "http://secure:1");
  EXPECT_EQ(proxy_for("http://moto.example:5000", both), "http://plain:2");
  EXPECT_EQ(proxy_for("https://glue.eu-west-1.amazonaws.com", {"", "http://plain:2", ""}), "");
  EXPECT_EQ(proxy_for("http://moto.example:5000", {"http://secure:1", "", ""}), "");
}

TEST(ProxyFor, LoopbackNeverHasOne) {
  for (const char* base : {"https://localhost", "http://LOCALHOST:4566", "http://127.0.0.1:80", "https://127.8.9.10",
                           "https://[::1]:6443", "http://[::ffff:127.0.0.1]"}) {
    EXPECT_TRUE(goes_directly(base, "")) << base;
  }
  EXPECT_FALSE(goes_directly("https://localhost.example.com", ""));
  EXPECT_FALSE(goes_directly("https://128.0.0.1", ""));
}

struct Case {
  const char* base;
  const char* none;
  bool direct;
};

TEST(ProxyFor, NoProxyNamesWhatIsAskedDirectly) {
  static constexpr Case kCases[] = {
      {"https://example.com", "", false},
      {"https://example.com", "*", true},
      {"https://example.com", "other.org, *", true},
      {"https://example.com", "example.com", true},
      {"https://EXAMPLE.com", "Example.COM", true},
      {"https://example.com.", "example.com", true},
      {"https://a.b.example.com", "example.com", true},
      {"https://notexample.com", "example.com", false},
      {"https://example.com.evil.org", "example.com", false},
      {"https://a.example.com", ".example.com", true},
      {"https://example.com", ".example.com", true},
      {"https://a.example.com", "*.example.com", true},
      {"https://notexample.com", ".example.com", false},
      {"https://example.com", "a.example.com", false},
      {"https://example.com", "other.org,example.com", true},
      {"https://example.com", "other.org example.com", true},
      {"https://example.com", " , ,\texample.com ,", true},
      {"https://example.com", "example.com:443", true},
      {"https://example.com:8443", "example.com:443", false},
      {"https://example.com:8443", "example.com:8443", true},
      {"http://example.com", "example.com:80", true},
      {"http://example.com", ".example.com:443", false},
      {"https://example.com:8443", "example.com", true},
      {"https://10.1.2.3", "10.1.2.3", true},
      {"https://10.1.2.30", "10.1.2.3", false},
      {"https://10.1.2.3:6443", "10.1.2.3:6443", true},
      {"https://10.1.2.3:6443", "10.1.2.3:443", false},
      {"https://10.1.2.3", "10.0.0.0/8", true},
      {"https://11.1.2.3", "10.0.0.0/8", false},
      {"https://172.31.255.1", "172.16.0.0/12", true},
      {"https://172.32.0.1", "172.16.0.0/12", false},
      {"https://192.168.0.7", "192.168.0.7/32", true},
      {"https://1.2.3.4", "0.0.0.0/0", true},
      {"https://[fd00::1]", "0.0.0.0/0", false},
      {"https://10.1.2.3", "10.0.0.0/33", false},
      {"https://10.1.2.3", "10.0.0.0/-1", false},
      {"https://10.1.2.3", "10.0.0.0/", false},
      {"https://10.1.2.3", "/8", false},
      {"https://[fd00::1]", "fd00::/8", true},
      {"https://[fe00::1]", "fd00::/8", false},
      {"https://[fd00::1]:6443", "fd00:0:0::1", true},
      {"https://[fd00::1]:6443", "[fd00::1]:6443", true},
      {"https://[fd00::1]:6443", "[fd00::1]:443", false},
      {"https://ten.example.com", "10.0.0.0/8", false},
      {"https://4.10.1.2", "10.1.2", false},
      {"https://example.com", ":443", false},
      {"https://example.com", ".", false},
  };
  for (const Case& each : kCases) {
    EXPECT_EQ(goes_directly(each.base, each.none), each.direct) << each.base << " with NO_PROXY=" << each.none;
  }
}

TEST(ParseProxy, ReadsWhatTheVariablesHold) {
  EXPECT_EQ(*parse_proxy("http://proxy:3128"), (ProxyAddress{"http://proxy:3128", "", ""}));
  EXPECT_EQ(*parse_proxy("HTTP://proxy.example:3128/"), (ProxyAddress{"http://proxy.example:3128", "", ""}));
  EXPECT_EQ(*parse_proxy("proxy"), (ProxyAddress{"http://proxy:80", "", ""}));
  EXPECT_EQ(*parse_proxy("10.0.0.1:8080"), (ProxyAddress{"http://10.0.0.1:8080", "", ""}));
  EXPECT_EQ(*parse_proxy("http://[fd00::1]:8080"), (ProxyAddress{"http://[fd00::1]:8080", "", ""}));
  EXPECT_EQ(*parse_proxy("http://joe:p%40ss:w@proxy:1"), (ProxyAddress{"http://proxy:1", "joe", "p@ss:w"}));
  EXPECT_EQ(*parse_proxy("joe@proxy"), (ProxyAddress{"http://proxy:80", "joe", ""}));
}

TEST(ParseProxy, SaysWhatIsWrongWithoutThePassword) {
  for (const char* url : {"https://joe:s3cret@proxy:3128", "socks5://joe:s3cret@proxy", "ftp://joe:s3cret@proxy",
                          "http://joe:s3cret%4@proxy", "http://joe:s3cret%zz@proxy", "http://joe:s3cret@",
                          "http://joe:s3cret@pro xy", "http://joe:s3cret@proxy:0", "http://joe:s3cret@proxy:port",
                          "http://joe:s3cret@proxy:99999", "http://joe:s3cret@a:b:c", "http://joe:s3cret@[fd00::1"}) {
    const auto parsed = parse_proxy(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().kind, ErrorKind::Invalid);
    EXPECT_THAT(to_string(parsed.error()), ::testing::Not(::testing::HasSubstr("s3cret"))) << url;
  }
  EXPECT_FALSE(parse_proxy(""));
}

}  // namespace
}  // namespace datamesh::http
