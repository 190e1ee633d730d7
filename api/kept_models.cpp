#include "api/kept_models.h"

#include "model/kept_members.h"

#include <algorithm>
#include <iterator>

namespace windlass::api {

namespace {

using Fate = KeptField::Fate;

constexpr KeptField text(std::string_view name) {
  return {name};
}
constexpr KeptField integer(std::string_view name) {
  return {name, KeptType::integer};
}
constexpr KeptField boolean(std::string_view name) {
  return {name, KeptType::boolean};
}
constexpr KeptField anything(std::string_view name) {
  return {name, KeptType::anything};
}
constexpr KeptField word(std::string_view name, std::span<const std::string_view> words) {
  KeptField field{name, KeptType::word};
  field.words = words;
  return field;
}
constexpr KeptField object(std::string_view name, const KeptModel& model) {
  KeptField field{name, KeptType::model};
  field.model = &model;
  return field;
}
constexpr KeptField list(KeptField field, std::size_t items_max = SIZE_MAX) {
  field.list = true;
  field.items_max = items_max;
  return field;
}
constexpr KeptField required(KeptField field) {
  field.required = true;
  return field;
}
constexpr KeptField dropped(KeptField field) {
  field.fate = Fate::dropped;
  return field;
}
constexpr KeptField not_built(KeptField field) {
  field.fate = Fate::not_built;
  return field;
}

// ---- pool configurations --------------------------------------------------------------------

constexpr KeptField kCloudServiceFields[] = {required(text("osFamily")), text("osVersion")};
constexpr KeptModel kCloudService{kCloudServiceFields};

constexpr KeptField kImageFields[] = {text("publisher"),
                                      text("offer"),
                                      text("sku"),
                                      text("version"),
                                      text("virtualMachineImageId"),
                                      text("sharedGalleryImageId"),
                                      text("communityGalleryImageId"),
                                      dropped(text("exactVersion"))};
constexpr KeptModel kImage{kImageFields};

constexpr KeptField kWindowsFields[] = {boolean("enableAutomaticUpdates")};
constexpr KeptModel kWindows{kWindowsFields};

constexpr std::string_view kCachings[] = {"none", "readonly", "readwrite"};
constexpr std::string_view kDiskTypes[] = {"standard_lrs", "premium_lrs", "standardssd_lrs"};
constexpr KeptField kDataDiskFields[] = {
    required(integer("lun")), word("caching", kCachings), required(integer("diskSizeGB")),
    word("storageAccountType", kDiskTypes), anything("managedDisk")};
constexpr KeptModel kDataDisk{kDataDiskFields};

constexpr std::string_view kEncrypted[] = {"osdisk", "temporarydisk"};
constexpr KeptField kEncryptionFields[] = {list(word("targets", kEncrypted)),
                                           anything("customerManagedKey")};
constexpr KeptModel kEncryption{kEncryptionFields};

constexpr std::string_view kPlacements[] = {"regional", "zonal"};
constexpr KeptField kPlacementFields[] = {word("policy", kPlacements)};
constexpr KeptModel kPlacement{kPlacementFields};

// protectedSettings hold secrets and are never returned.
constexpr KeptField kExtensionFields[] = {required(text("name")),
                                          required(text("publisher")),
                                          required(text("type")),
                                          text("typeHandlerVersion"),
                                          boolean("autoUpgradeMinorVersion"),
                                          boolean("enableAutomaticUpgrade"),
                                          anything("settings"),
                                          dropped(anything("protectedSettings")),
                                          list(text("provisionAfterExtensions"))};
constexpr KeptModel kExtension{kExtensionFields};

constexpr std::string_view kDiffPlacements[] = {"CacheDisk"};
constexpr KeptField kDiffDiskFields[] = {word("placement", kDiffPlacements)};
constexpr KeptModel kDiffDisk{kDiffDiskFields};
constexpr KeptField kOsDiskFields[] = {object("ephemeralOSDiskSettings", kDiffDisk),
                                       word("caching", kCachings), integer("diskSizeGB"),
                                       anything("managedDisk"), boolean("writeAcceleratorEnabled")};
constexpr KeptModel kOsDisk{kOsDiskFields};

constexpr KeptField kServiceArtifactFields[] = {required(text("id"))};
constexpr KeptModel kServiceArtifact{kServiceArtifactFields};

constexpr KeptField kVirtualMachineFields[] = {
    required(object("imageReference", kImage)),
    required(text("nodeAgentSKUId")),
    object("windowsConfiguration", kWindows),
    list(object("dataDisks", kDataDisk)),
    text("licenseType"),
    not_built(anything("containerConfiguration")),
    object("diskEncryptionConfiguration", kEncryption),
    object("nodePlacementConfiguration", kPlacement),
    list(object("extensions", kExtension)),
    object("osDisk", kOsDisk),
    anything("securityProfile"),
    object("serviceArtifactReference", kServiceArtifact)};
constexpr KeptModel kVirtualMachine{kVirtualMachineFields};

// ---- networks -------------------------------------------------------------------------------

constexpr std::string_view kAccesses[] = {"allow", "deny"};
constexpr KeptField kRuleFields[] = {
    required(integer("priority")), required(word("access", kAccesses)),
    required(text("sourceAddressPrefix")), list(text("sourcePortRanges"))};
constexpr KeptModel kRule{kRuleFields};

constexpr std::string_view kProtocols[] = {"tcp", "udp"};
constexpr KeptField kNatPoolFields[] = {required(text("name")),
                                        required(word("protocol", kProtocols)),
                                        required(integer("backendPort")),
                                        required(integer("frontendPortRangeStart")),
                                        required(integer("frontendPortRangeEnd")),
                                        list(object("networkSecurityGroupRules", kRule), 25)};

std::int32_t number_of(const Value& object, std::string_view wanted) {
  std::int32_t number = 0;
  object.each_member([&](std::string_view name, const Value& member) {
    if (name == wanted) member.read(number);
    return true;
  });
  return number;
}

// Ports that nodes of the API keep for themselves, behind the load balancer and in front of it.
void check_nat_pool(const Value& pool) {
  constexpr std::int32_t kBackendReserved[] = {22, 3389, 29876, 29877};
  constexpr std::int32_t kPortMax = 65535;
  constexpr std::int32_t kFrontendPortsMin = 40;
  constexpr std::int32_t kReservedFirst = 50000;
  constexpr std::int32_t kReservedLast = 55000;
  const std::int32_t backend = number_of(pool, "backendPort");
  const std::int32_t first = number_of(pool, "frontendPortRangeStart");
  const std::int32_t last = number_of(pool, "frontendPortRangeEnd");
  const bool reserved = std::find(std::begin(kBackendReserved), std::end(kBackendReserved),
                                  backend) != std::end(kBackendReserved);
  if (reserved || backend < 1 || backend > kPortMax) {
    pool.refuse("backendPort must be a port other than 22, 3389, 29876 and 29877.");
  } else if (first < 1 || last > kPortMax || last - first < kFrontendPortsMin - 1) {
    pool.refuse("The frontend range must hold at least 40 ports.");
  } else if (first <= kReservedLast && last >= kReservedFirst) {
    pool.refuse("The frontend range must leave out the ports from 50000 to 55000.");
  }
}
constexpr KeptModel kNatPool{kNatPoolFields, check_nat_pool};

constexpr KeptField kEndpointFields[] = {required(list(object("inboundNATPools", kNatPool), 5))};
constexpr KeptModel kEndpoint{kEndpointFields};

constexpr std::string_view kProvisions[] = {"batchmanaged", "usermanaged", "nopublicipaddresses"};
constexpr std::string_view kIpFamilies[] = {"IPv4", "IPv6"};
constexpr KeptField kPublicIpFields[] = {word("provision", kProvisions), list(text("ipAddressIds")),
                                         list(word("ipFamilies", kIpFamilies)), anything("ipTags")};
constexpr KeptModel kPublicIp{kPublicIpFields};

constexpr std::string_view kScopes[] = {"none", "job"};
constexpr KeptField kNetworkFields[] = {text("subnetId"),
                                        word("dynamicVNetAssignmentScope", kScopes),
                                        object("endpointConfiguration", kEndpoint),
                                        object("publicIPAddressConfiguration", kPublicIp),
                                        boolean("enableAcceleratedNetworking"),
                                        list(text("publicIPs"))};  // until 2020-03
constexpr KeptModel kNetwork{kNetworkFields};

constexpr KeptField kJobNetworkFields[] = {required(text("subnetId")),
                                           boolean("skipWithdrawFromVNet")};
constexpr KeptModel kJobNetwork{kJobNetworkFields};

// ---- tasks ----------------------------------------------------------------------------------

constexpr std::string_view kJobActions[] = {"none", "disable", "terminate"};
constexpr std::string_view kDependencyActions[] = {"satisfy", "block"};
constexpr KeptField kExitOptionFields[] = {word("jobAction", kJobActions),
                                           word("dependencyAction", kDependencyActions)};
constexpr KeptModel kExitOptions{kExitOptionFields};

constexpr KeptField kExitCodeFields[] = {required(integer("code")),
                                         required(object("exitOptions", kExitOptions))};
constexpr KeptModel kExitCode{kExitCodeFields};
constexpr KeptField kExitCodeRangeFields[] = {required(integer("start")), required(integer("end")),
                                              required(object("exitOptions", kExitOptions))};
constexpr KeptModel kExitCodeRange{kExitCodeRangeFields};

constexpr KeptField kExitConditionFields[] = {
    list(object("exitCodes", kExitCode)), list(object("exitCodeRanges", kExitCodeRange)),
    object("preProcessingError", kExitOptions), object("fileUploadError", kExitOptions),
    object("default", kExitOptions)};
constexpr KeptModel kExitConditions{kExitConditionFields};

// ---- checking -------------------------------------------------------------------------------

void write_model(const Value& value, const KeptModel& model, JsonWriter& json);

void write_word(const Value& value, const KeptField& field, JsonWriter& json) {
  std::string written;
  if (!value.read(written)) return;
  for (const std::string_view canonical : field.words) {
    if (same_word(canonical, written)) return json.value(canonical);
  }
  value.refuse("The value is none of the permitted words.");
}

template <class T>
void write_read(const Value& value, JsonWriter& json) {
  T read{};
  if (value.read(read)) json.value(read);
}

// Nothing is written when the value is refused: the whole text is thrown away then.
void write_one(const Value& value, const KeptField& field, JsonWriter& json) {
  switch (field.type) {
    case KeptType::text:
      return write_read<std::string>(value, json);
    case KeptType::integer:
      return write_read<std::int32_t>(value, json);
    case KeptType::boolean:
      return write_read<bool>(value, json);
    case KeptType::word:
      return write_word(value, field, json);
    case KeptType::model:
      return write_model(value, *field.model, json);
    case KeptType::anything:
      return json.raw(value.json());
  }
}

void write_field(const Value& value, const KeptField& field, JsonWriter& json) {
  if (!field.list) return write_one(value, field, json);
  if (value.items() > field.items_max) {
    return value.refuse("The list has more than " + std::to_string(field.items_max) + " items.");
  }
  json.begin_array();
  value.each_item([&](const Value& item) {
    if (!item.given()) return item.refuse("An item of this list must not be null.");
    write_one(item, field, json);
  });
  json.end_array();
}

void write_model(const Value& value, const KeptModel& model, JsonWriter& json) {
  std::uint64_t seen = 0;  // bit i: field i has been read
  const auto bit = [&](const KeptField& field) {
    return std::uint64_t{1} << static_cast<unsigned>(&field - model.fields.data());
  };
  json.begin_object();
  const bool read = value.each_member([&](std::string_view name, const Value& member) {
    for (const KeptField& field : model.fields) {
      if (field.name != name) continue;
      if (!member.given()) return true;
      if ((seen & bit(field)) != 0) {
        member.refuse("The property is given twice.");
        return true;
      }
      seen |= bit(field);
      if (field.fate == Fate::not_built) member.refuse_not_built();
      if (field.fate != Fate::kept) return true;
      json.name(name);
      write_field(member, field, json);
      return true;
    }
    return false;
  });
  json.end_object();
  if (!read) return;
  for (const KeptField& field : model.fields) {
    if (field.required) value.require((seen & bit(field)) != 0, field.name);
  }
  if (model.check != nullptr) model.check(value);
}

template <class Write>
void append_member(const Value& value, std::string_view name, std::string& kept_json,
                   Write&& write) {
  if (!value.given()) return;
  KeptMembers members(kept_json);
  while (const auto member = members.next()) {
    if (member->first == name) return value.refuse("The property is given twice.");
  }
  if (kept_json.empty()) kept_json = "{}";
  kept_json.pop_back();
  JsonWriter json(kept_json);
  json.name(name);
  write(json);
  json.end_object();
}

}  // namespace

void keep(const Value& value, std::string_view name, const KeptModel& model,
          std::string& kept_json) {
  append_member(value, name, kept_json, [&](JsonWriter& json) { write_model(value, model, json); });
}

void keep_anything(const Value& value, std::string_view name, std::string& kept_json) {
  append_member(value, name, kept_json, [&](JsonWriter& json) { json.raw(value.json()); });
}

const KeptModel& cloud_service_configuration_model() {
  return kCloudService;
}
const KeptModel& virtual_machine_configuration_model() {
  return kVirtualMachine;
}
const KeptModel& network_configuration_model() {
  return kNetwork;
}
const KeptModel& job_network_configuration_model() {
  return kJobNetwork;
}
const KeptModel& exit_conditions_model() {
  return kExitConditions;
}

}  // namespace windlass::api
