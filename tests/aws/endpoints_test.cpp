// Every partition has its hosts, and nobody's region reaches another host.
#include "controller/aws/endpoints.h"

#include <gtest/gtest.h>

#include "controller/aws/machine_settings.h"
#include "controller/base/partition.h"
#include "tests/aws/fake_aws.h"

namespace datamesh::aws {
namespace {

using testing::FakeFiles;

struct Row {
  Service service;
  std::string region;
  Fips fips;
  Stack stack;
  std::string url;
};

TEST(Endpoints, AreThoseOfThePartition) {
  const std::vector<Row> rows = {
      {Service::Glue, "eu-west-1", Fips::Off, Stack::Ipv4, "https://glue.eu-west-1.amazonaws.com"},
      {Service::Glue, "us-east-1", Fips::On, Stack::Ipv4, "https://glue-fips.us-east-1.amazonaws.com"},
      {Service::LakeFormation, "us-east-1", Fips::Off, Stack::Dual, "https://lakeformation.us-east-1.api.aws"},
      {Service::LakeFormation, "us-east-1", Fips::On, Stack::Dual, "https://lakeformation-fips.us-east-1.api.aws"},
      {Service::Sts, "us-east-1", Fips::Off, Stack::Ipv4, "https://sts.us-east-1.amazonaws.com"},
      {Service::Ram, "cn-north-1", Fips::Off, Stack::Ipv4, "https://ram.cn-north-1.amazonaws.com.cn"},
      {Service::Glue, "cn-north-1", Fips::Off, Stack::Dual, "https://glue.cn-north-1.api.amazonwebservices.com.cn"},
      {Service::Glue, "us-gov-west-1", Fips::On, Stack::Ipv4, "https://glue-fips.us-gov-west-1.amazonaws.com"},
      {Service::Sts, "us-gov-west-1", Fips::On, Stack::Ipv4, "https://sts.us-gov-west-1.amazonaws.com"},
      {Service::Ram, "us-gov-west-1", Fips::On, Stack::Ipv4, "https://ram.us-gov-west-1.amazonaws.com"},
      {Service::Sqs, "eu-west-1", Fips::On, Stack::Dual, "https://sqs-fips.eu-west-1.api.aws"},
      {Service::Sqs, "cn-north-1", Fips::Off, Stack::Ipv4, "https://sqs.cn-north-1.amazonaws.com.cn"},
      {Service::Sqs, "us-gov-west-1", Fips::On, Stack::Ipv4, "https://sqs.us-gov-west-1.amazonaws.com"},
      {Service::Sts, "us-gov-west-1", Fips::On, Stack::Dual, "https://sts-fips.us-gov-west-1.api.aws"},
      {Service::Glue, "eusc-de-east-1", Fips::Off, Stack::Ipv4, "https://glue.eusc-de-east-1.amazonaws.eu"},
      {Service::Glue, "us-iso-east-1", Fips::Off, Stack::Ipv4, "https://glue.us-iso-east-1.c2s.ic.gov"},
      {Service::Iam, "eu-west-1", Fips::Off, Stack::Ipv4, "https://iam.amazonaws.com"},
      {Service::Iam, "eu-west-1", Fips::On, Stack::Ipv4, "https://iam-fips.amazonaws.com"},
      {Service::Iam, "eu-west-1", Fips::On, Stack::Dual, "https://iam-fips.global.api.aws"},
      {Service::Iam, "cn-northwest-1", Fips::Off, Stack::Ipv4, "https://iam.cn-north-1.amazonaws.com.cn"},
      {Service::Iam, "cn-north-1", Fips::Off, Stack::Dual, "https://iam.global.api.amazonwebservices.com.cn"},
      {Service::Iam, "us-gov-east-1", Fips::On, Stack::Ipv4, "https://iam.us-gov.amazonaws.com"},
      {Service::Iam, "us-gov-east-1", Fips::On, Stack::Dual, "https://iam.us-gov.api.aws"},
      {Service::Iam, "eusc-de-east-1", Fips::Off, Stack::Ipv4, "https://iam.eusc-de-east-1.amazonaws.eu"},
      {Service::Iam, "us-iso-west-1", Fips::On, Stack::Ipv4, "https://iam-fips.us-iso-east-1.c2s.ic.gov"},
      {Service::Iam, "us-isob-east-1", Fips::Off, Stack::Ipv4, "https://iam.us-isob-east-1.sc2s.sgov.gov"},
      {Service::Glue, "us-isob-east-1", Fips::Off, Stack::Ipv4, "https://glue.us-isob-east-1.sc2s.sgov.gov"},
      {Service::Glue, "eu-isoe-west-1", Fips::Off, Stack::Ipv4, "https://glue.eu-isoe-west-1.cloud.adc-e.uk"},
      {Service::Glue, "us-isof-south-1", Fips::Off, Stack::Ipv4, "https://glue.us-isof-south-1.csp.hci.ic.gov"},
  };
  for (const Row& row : rows) {
    EndpointOptions options;
    options.fips = row.fips;
    options.stack = row.stack;
    const auto url = endpoint_of(row.service, row.region, options);
    ASSERT_TRUE(url) << row.url;
    EXPECT_EQ(*url, row.url);
  }
  EXPECT_EQ(partition_of("cn-north-1"), "aws-cn");
  EXPECT_EQ(partition_of("ap-south-2"), "aws");
}

TEST(Endpoints, IamIsSignedForTheOneRegionOfItsPartition) {
  EXPECT_EQ(signing_region(Service::Glue, "eu-west-1"), "eu-west-1");
  EXPECT_EQ(signing_region(Service::Iam, "eu-west-1"), "us-east-1");
  EXPECT_EQ(signing_region(Service::Iam, "us-gov-east-1"), "us-gov-west-1");
  EXPECT_EQ(signing_region(Service::Iam, "cn-northwest-1"), "cn-north-1");
}

TEST(Endpoints, ARegionCannotNameAnotherHost) {
  for (const char* region : {"", "x.evil.com/", "eu-west-1@evil.com", "EU-WEST-1", "-a", "a b", "a#"}) {
    EXPECT_FALSE(endpoint_of(Service::Glue, region, {})) << region;
  }
}

TEST(MachineSettings, TheVariablesOfTheCliGoBeforeItsFiles) {
  FakeFiles files;
  files.files["/home/me/.aws/config"] =
      "[profile up]\nendpoint_url = https://127.0.0.1:4566\nca_bundle = /ca.pem\nuse_dualstack_endpoint = true\n";
  files.files["/ca.pem"] = "PEM";
  const auto of_file = endpoint_options_of(files.machine({{"AWS_PROFILE", "up"}}));
  ASSERT_TRUE(of_file);
  EXPECT_EQ(*of_file, (EndpointOptions{Fips::Off, Stack::Dual, "https://127.0.0.1:4566", {}}));
  const auto both = endpoint_options_of(files.machine({{"AWS_PROFILE", "up"},
                                                       {"AWS_USE_FIPS_ENDPOINT", "true"},
                                                       {"AWS_ENDPOINT_URL", "http://127.0.0.1:4567/"},
                                                       {"AWS_ENDPOINT_URL_GLUE", "https://glue.test"}}));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->fips, Fips::On);
  EXPECT_EQ(*endpoint_of(Service::Glue, "eu-west-1", *both), "https://glue.test");
  EXPECT_EQ(*endpoint_of(Service::Ram, "eu-west-1", *both), "http://127.0.0.1:4567");
  EXPECT_EQ(client_options_of(files.machine({{"AWS_PROFILE", "up"}}))->ca_pem, "PEM");
  EXPECT_FALSE(client_options_of(files.machine({{"AWS_CA_BUNDLE", "/nowhere.pem"}})));
}

TEST(MachineSettings, ConfiguredEndpointsCanBeIgnored) {
  FakeFiles files;
  EXPECT_EQ(*endpoint_options_of(files.machine(
                {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, {"AWS_ENDPOINT_URL", "http://x"}})),
            EndpointOptions{});
}

TEST(Endpoints, AnOverrideIsAServer) {
  for (const char* wrong : {"", "x", "ftp://x", "http://", "http:///x", "http://a/b", "http://a?x", "http://u@h"}) {
    EXPECT_FALSE(base_address(wrong)) << wrong;
  }
  EXPECT_EQ(host_of("http://127.0.0.1:80"), "127.0.0.1");
  EXPECT_EQ(host_of("https://h:443"), "h");
  EXPECT_EQ(host_of("https://h:80"), "h:80");
}

}  // namespace
}  // namespace datamesh::aws
