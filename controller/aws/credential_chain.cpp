#include "controller/aws/credential_chain.h"

#include "controller/aws/metadata_credentials.h"
#include "controller/aws/profile_credentials.h"

namespace datamesh::aws {
namespace {

class EnvironmentCredentials final : public CredentialProvider {
 public:
  explicit EnvironmentCredentials(const Machine& machine) : machine_(machine) {}
  std::string name() const override { return "environment (AWS_ACCESS_KEY_ID)"; }

  Result<std::optional<Credentials>> obtain() override {
    Credentials out;
    out.keys = {machine_.variable("AWS_ACCESS_KEY_ID"), machine_.variable("AWS_SECRET_ACCESS_KEY"),
                machine_.variable("AWS_SESSION_TOKEN")};
    if (out.keys.access_key.empty()) return std::nullopt;
    if (out.keys.secret_key.empty()) {
      return fail(ErrorKind::Invalid, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not", name());
    }
    return out;
  }

 private:
  const Machine& machine_;
};

/// Everything that the places of one machine share.
struct Shared {
  Shared(Machine of, SignedCalls& calls, Sender& local)
      : machine(std::move(of)),
        environment(machine),
        container(machine, local),
        instance(machine, local),
        profiles(machine, calls, {environment, container, instance}) {}

  const Machine machine;
  EnvironmentCredentials environment;
  ContainerCredentials container;
  InstanceCredentials instance;
  ProfileSource profiles;
};

/// One place of `Shared`, which it keeps.
class SharedPlace final : public CredentialProvider {
 public:
  using Obtain = std::function<Result<std::optional<Credentials>>(Shared&)>;
  SharedPlace(std::string name, std::shared_ptr<Shared> shared, Obtain obtain)
      : name_(std::move(name)), shared_(std::move(shared)), obtain_(std::move(obtain)) {}
  std::string name() const override { return name_; }
  Result<std::optional<Credentials>> obtain() override { return obtain_(*shared_); }

 private:
  const std::string name_;
  const std::shared_ptr<Shared> shared_;
  const Obtain obtain_;
};

}  // namespace

Result<std::optional<Credentials>> CredentialChain::obtain() {
  std::string tried;
  for (const auto& place : places_) {
    TRY_VALUE(auto out, place->obtain());
    if (out) return out;
    tried += (tried.empty() ? "" : ", ") + place->name();
  }
  return fail(ErrorKind::Unavailable,
              "there are none; looked in: " + tried +
                  ". Give the pod or machine a role, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and "
                  "AWS_SECRET_ACCESS_KEY",
              name(), "NoCredentials");
}

std::unique_ptr<CredentialProvider> default_credentials(Machine machine, SignedCalls& calls, Sender& local) {
  const auto shared = std::make_shared<Shared>(std::move(machine), calls, local);
  const std::string profile = profile_name(shared->machine);
  const std::string quoted = "profile \"" + profile + "\"";
  std::vector<std::unique_ptr<CredentialProvider>> places;
  const auto add = [&](std::string name, SharedPlace::Obtain obtain) {
    places.push_back(std::make_unique<SharedPlace>(std::move(name), shared, std::move(obtain)));
  };
  add(shared->environment.name(), [](Shared& all) { return all.environment.obtain(); });
  add("role of " + quoted, [profile](Shared& all) { return all.profiles.role(profile); });
  add("web identity (AWS_WEB_IDENTITY_TOKEN_FILE)",
      [profile](Shared& all) { return all.profiles.web_identity(profile); });
  add(quoted + " (" + config_file(shared->machine) + ", " + credentials_file(shared->machine) + ")",
      [profile](Shared& all) { return all.profiles.direct(profile); });
  add(shared->container.name(), [](Shared& all) { return all.container.obtain(); });
  add(shared->instance.name(), [](Shared& all) { return all.instance.obtain(); });
  return std::make_unique<CredentialChain>(std::move(places));
}

}  // namespace datamesh::aws
