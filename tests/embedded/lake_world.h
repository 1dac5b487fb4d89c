// The embedded lake as a world for the contract, and for tests of its own.
#pragma once

#include <map>

#include "controller/embedded/embedded_lake.h"
#include "tests/aws/api_contract.h"

namespace datamesh::testing {

inline constexpr Time kStart{std::chrono::milliseconds(1'780'000'000'000)};

class LakeWorld final : public AwsWorld {
 public:
  LakeWorld() {
    auto opened = embedded::EmbeddedLake::open({":memory:", &clock_, false});
    lake_ = std::move(*opened);
  }

  aws::Api& as_role(const std::string& role) override {
    auto& api = apis_[role];
    if (!api) api = lake_->as_role(role);
    return *api;
  }
  aws::Api& as_principal(const std::string& arn) override {
    auto& api = apis_[arn];
    if (!api) api = lake_->as_principal(arn);
    return *api;
  }
  void advance(Millis by) override { clock_.advance(by); }
  void join_organization(const std::string& management, const std::vector<std::string>& accounts,
                         bool sharing) override {
    embedded::Organization organization{"o-mesh000001", management, accounts, {}, sharing};
    ASSERT_TRUE(lake_->set_organization(organization));
  }

  embedded::EmbeddedLake& lake() { return *lake_; }
  const Clock& clock() const { return clock_; }

 private:
  FakeClock clock_{kStart};
  std::unique_ptr<embedded::EmbeddedLake> lake_;
  std::map<std::string, std::unique_ptr<aws::Api>> apis_;
};

}  // namespace datamesh::testing
