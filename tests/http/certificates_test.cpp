#include "controller/http/certificates.h"

#include <gtest/gtest.h>

namespace datamesh::http {
namespace {

const Time kNow = *parse_rfc3339("2026-11-22T08:00:00Z");
constexpr std::chrono::hours kDay(24);

TEST(Certificates, AreFreshUntilTheLastTwelfthOfTheirLife) {
  const auto authority = make_authority("a mesh", kNow);
  ASSERT_TRUE(authority) << to_string(authority.error());
  const auto server = make_server_identity(*authority, {"localhost"}, kNow);
  ASSERT_TRUE(server) << to_string(server.error());
  EXPECT_TRUE(is_fresh(*authority, kNow));
  EXPECT_TRUE(is_fresh(*authority, kNow + 3300 * kDay));
  EXPECT_FALSE(is_fresh(*authority, kNow + 3400 * kDay));
  EXPECT_TRUE(is_fresh(*server, kNow));
  EXPECT_TRUE(is_fresh(*server, kNow + 330 * kDay));
  EXPECT_FALSE(is_fresh(*server, kNow + 340 * kDay));
  EXPECT_FALSE(is_fresh(*server, kNow - kDay)) << "not valid yet";
}

TEST(Certificates, AreVouchedForByTheirAuthorityForTheirNames) {
  const auto authority = make_authority("a mesh", kNow);
  const auto server = make_server_identity(*authority, {"localhost", "127.0.0.1", "::1"}, kNow);
  ASSERT_TRUE(server);
  EXPECT_TRUE(vouches_for(*authority, *server, {"localhost", "127.0.0.1", "::1"}));
  EXPECT_FALSE(vouches_for(*authority, *server, {"localhost", "127.0.0.2"}));
  EXPECT_FALSE(vouches_for(*authority, *server, {"example.org"}));
  EXPECT_FALSE(vouches_for(*make_authority("a mesh", kNow), *server, {"localhost"})) << "of the same name only";
}

TEST(Certificates, EachHasAKeyOfItsOwn) {
  const auto authority = make_authority("a mesh", kNow);
  const auto server = make_server_identity(*authority, {"localhost"}, kNow);
  EXPECT_FALSE(is_fresh({server->cert_pem, authority->key_pem}, kNow));
  EXPECT_FALSE(make_server_identity({authority->cert_pem, server->key_pem}, {"localhost"}, kNow));
}

TEST(Certificates, BrokenOnesAreNeitherFreshNorVouchedFor) {
  const auto authority = make_authority("a mesh", kNow);
  for (const TlsIdentity& broken : {TlsIdentity{}, TlsIdentity{"x", "y"}, TlsIdentity{authority->cert_pem, ""},
                                    TlsIdentity{"", authority->key_pem}}) {
    EXPECT_FALSE(is_fresh(broken, kNow));
    EXPECT_FALSE(make_server_identity(broken, {"localhost"}, kNow));
  }
  EXPECT_FALSE(vouches_for(*authority, {"x", "y"}, {}));
}

TEST(Certificates, NamesThatAreNoneAreRefused) {
  const auto authority = make_authority("a mesh", kNow);
  for (const char* name : {"", "a b", "a,DNS:b", "a\n"}) {
    EXPECT_FALSE(make_server_identity(*authority, {name}, kNow)) << name;
  }
  EXPECT_FALSE(make_server_identity(*authority, {}, kNow));
}

}  // namespace
}  // namespace datamesh::http
