#include "controller/aws/machine_settings.h"

#include <array>

#include "controller/aws/profiles.h"

namespace datamesh::aws {
namespace {

constexpr std::array kServices = {std::pair(Service::Glue, "GLUE"), std::pair(Service::LakeFormation, "LAKEFORMATION"),
                                  std::pair(Service::Ram, "RAM"), std::pair(Service::Sts, "STS"),
                                  std::pair(Service::Iam, "IAM"), std::pair(Service::Sqs, "SQS")};

/// A setting of the environment, or else of the profile.
struct Found {
  const Machine& machine;
  const Settings profile;

  std::string value(const std::string& variable, const std::string& setting) const {
    if (std::string out = machine.variable(variable); !out.empty()) return out;
    const auto found = profile.find(setting);
    return found == profile.end() ? "" : found->second;
  }
  bool is_true(const std::string& variable, const std::string& setting) const {
    const std::string text = value(variable, setting);
    return text == "true" || text == "True" || text == "TRUE";
  }
};

Result<Found> find_settings(const Machine& machine) {
  TRY_VALUE(const Profiles profiles, read_profiles(machine));
  return Found{machine, profiles.merged(profile_name(machine))};
}

}  // namespace

Result<EndpointOptions> endpoint_options_of(const Machine& machine) {
  TRY_VALUE(const Found found, find_settings(machine));
  EndpointOptions out;
  if (found.is_true("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")) out.fips = Fips::On;
  if (found.is_true("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")) out.stack = Stack::Dual;
  if (found.is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) return out;
  out.override_all = found.value("AWS_ENDPOINT_URL", "endpoint_url");
  for (const auto& [service, name] : kServices) {
    const std::string url = machine.variable(std::string("AWS_ENDPOINT_URL_") + name);
    if (!url.empty()) out.overrides[service] = url;
  }
  return out;
}

Result<http::ClientOptions> client_options_of(const Machine& machine) {
  TRY_VALUE(const Found found, find_settings(machine));
  http::ClientOptions out;
  if (const std::string file = found.value("AWS_CA_BUNDLE", "ca_bundle"); !file.empty()) {
    TRY_VALUE(out.ca_pem, machine.read(file));
  }
  out.proxies = http::proxy_settings([&](const std::string& name) { return machine.variable(name); });
  return out;
}

}  // namespace datamesh::aws
