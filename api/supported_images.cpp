#include "api/supported_images.h"

#include "api/json_writer.h"

#include <algorithm>

namespace windlass::api {

namespace {

constexpr SupportedImage kImages[] = {
    {"windlass", "host", "default", "batch.node.windlass amd64"},
    {"almalinux", "almalinux", "8-gen2", "batch.node.el 8"},
    {"almalinux", "almalinux", "9-gen2", "batch.node.el 9"},
    {"canonical", "ubuntuserver", "16.04-lts", "batch.node.ubuntu 16.04"},
    {"canonical", "ubuntuserver", "18.04-lts", "batch.node.ubuntu 18.04"},
    {"canonical", "0001-com-ubuntu-server-focal", "20_04-lts", "batch.node.ubuntu 20.04"},
    {"canonical", "0001-com-ubuntu-server-focal", "20_04-lts-gen2", "batch.node.ubuntu 20.04"},
    {"canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "batch.node.ubuntu 22.04"},
    {"canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "batch.node.ubuntu 22.04"},
    {"canonical", "ubuntu-24_04-lts", "server", "batch.node.ubuntu 24.04"},
    {"debian", "debian-10", "10", "batch.node.debian 10"},
    {"debian", "debian-11", "11", "batch.node.debian 11"},
    {"debian", "debian-12", "12", "batch.node.debian 12"},
    {"microsoft-azure-batch", "centos-container", "7-8", "batch.node.centos 7"},
    {"microsoft-azure-batch", "ubuntu-server-container", "16-04-lts", "batch.node.ubuntu 16.04"},
    {"microsoft-azure-batch", "ubuntu-server-container", "20-04-lts", "batch.node.ubuntu 20.04"},
    {"microsoft-dsvm", "ubuntu-hpc", "1804", "batch.node.ubuntu 18.04"},
    {"microsoft-dsvm", "ubuntu-hpc", "2004", "batch.node.ubuntu 20.04"},
    {"microsoft-dsvm", "ubuntu-hpc", "2204", "batch.node.ubuntu 22.04"},
    {"openlogic", "centos", "7_9", "batch.node.centos 7"},
    {"openlogic", "centos-hpc", "7_9", "batch.node.centos 7"},
};

constexpr std::string_view kOsType = "linux";  // workers run nowhere else

std::string_view verification_type(const SupportedImage& image) {
  return image.verified ? "verified" : "unverified";
}

void write_image_reference(JsonWriter& json, const SupportedImage& image) {
  json.begin_object();
  json.member("publisher", image.publisher);
  json.member("offer", image.offer);
  json.member("sku", image.sku);
  json.member("version", "latest");
  json.end_object();
}

}  // namespace

std::span<const SupportedImage> supported_images() {
  return kImages;
}

bool matches(const query::Filter& filter, const SupportedImage& image) {
  struct Source final : query::PropertySource {
    explicit Source(const SupportedImage& i) : image_(i) {}
    query::PropertyValue property(query::Property property) const override {
      switch (property) {
        case query::Property::os_type:
          return kOsType;
        case query::Property::verification_type:
          return verification_type(image_);
        case query::Property::node_agent_sku_id:
          return image_.node_agent_sku_id;
        default:
          return {};
      }
    }
    const SupportedImage& image_;
  };
  return filter.matches(Source(image));
}

std::vector<std::string_view> node_agent_skus(const query::Filter& filter) {
  std::vector<std::string_view> ids;
  for (const SupportedImage& image : kImages) {
    if (!matches(filter, image)) continue;
    if (std::find(ids.begin(), ids.end(), image.node_agent_sku_id) == ids.end())
      ids.push_back(image.node_agent_sku_id);
  }
  return ids;
}

void write_node_agent_sku(std::string& out, std::string_view node_agent_sku_id) {
  JsonWriter json(out);
  json.begin_object();
  json.member("id", node_agent_sku_id);
  json.name("verifiedImageReferences");
  json.begin_array();
  for (const SupportedImage& image : kImages) {
    if (image.verified && image.node_agent_sku_id == node_agent_sku_id)
      write_image_reference(json, image);
  }
  json.end_array();
  json.member("osType", kOsType);
  json.end_object();
}

void write_supported_image(std::string& out, const SupportedImage& image) {
  JsonWriter json(out);
  json.begin_object();
  json.member("nodeAgentSKUId", image.node_agent_sku_id);
  json.name("imageReference");
  write_image_reference(json, image);
  json.member("osType", kOsType);
  json.member("verificationType", verification_type(image));
  json.end_object();
}

}  // namespace windlass::api
