#include "benchmarks/http_client.h"

#include "api/shared_key.h"
#include "model/base64.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace windlass::bench {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    throw std::runtime_error(std::string(name) + " is not set: eval \"$(windlass env)\" first");
  }
  return value;
}

std::string date() {
  char text[64];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

}  // namespace

Target target_from_environment() {
  Target target;
  target.account = environment("AZURE_BATCH_ACCOUNT");
  const auto key = base64_decoded(environment("AZURE_BATCH_ACCESS_KEY"));
  if (!key) throw std::runtime_error("AZURE_BATCH_ACCESS_KEY is not base64");
  target.key = *key;
  std::string url = environment("AZURE_BATCH_ENDPOINT");
  if (!url.starts_with("http://")) throw std::runtime_error("only http:// endpoints are measured");
  url.erase(0, 7);
  const std::size_t colon = url.find(':');
  target.host = url.substr(0, colon);
  target.port = static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1)));
  return target;
}

HttpConnection::HttpConnection(const Target& target) : target_(target) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  inet_pton(AF_INET, target.host.c_str(), &address.sin_addr);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd_);
    throw std::runtime_error("cannot connect to " + target.host);
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

HttpConnection::~HttpConnection() {
  if (fd_ >= 0) close(fd_);
}

HttpConnection::Response HttpConnection::request(std::string_view verb, const std::string& path,
                                                 std::string_view body) {
  const std::string target =
      path + (path.find('?') == std::string::npos ? "?" : "&") + "api-version=2022-10-01.16.0";
  const std::string when = date();
  const bool sends_body = verb != "GET" && verb != "DELETE";
  const std::string length = sends_body ? std::to_string(body.size()) : std::string();
  const std::string_view type =
      sends_body ? "application/json; odata=minimalmetadata; charset=utf-8" : "";
  const std::array<api::HeaderField, 3> headers = {
      {{"ocp-date", when}, {"Content-Length", length}, {"Content-Type", type}}};
  const std::span<const api::HeaderField> signed_headers(headers.data(), sends_body ? 3u : 1u);
  const api::RequestToSign to_sign{verb, target, signed_headers};
  const std::string signature =
      api::signature_of(target_.key, api::string_to_sign(to_sign, target_.account));
  std::string text = std::string(verb) + " " + target + " HTTP/1.1\r\nHost: " + target_.host +
                     "\r\nocp-date: " + when + "\r\nAuthorization: SharedKey " + target_.account +
                     ":" + signature + "\r\n";
  if (sends_body) {
    text += "Content-Type: " + std::string(type) + "\r\nContent-Length: " + length + "\r\n";
  }
  text += "\r\n";
  text += body;
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("the gateway closed the connection");
    sent += static_cast<std::size_t>(n);
  }

  buffer_.clear();
  std::size_t head_end = std::string::npos;
  std::size_t content_length = 0;
  Response response;
  char chunk[65536];
  while (true) {
    if (head_end == std::string::npos) {
      head_end = buffer_.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        response.status = std::stoi(buffer_.substr(9, 3));
        for (const char* name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
          const std::size_t at = buffer_.find(name);
          if (at != std::string::npos && at < head_end) {
            content_length = static_cast<std::size_t>(std::stoll(buffer_.substr(at + 18)));
          }
        }
      }
    }
    if (head_end != std::string::npos && buffer_.size() >= head_end + 4 + content_length) break;
    const ssize_t n = recv(fd_, chunk, sizeof chunk, 0);
    if (n <= 0) throw std::runtime_error("the gateway closed the connection");
    buffer_.append(chunk, static_cast<std::size_t>(n));
  }
  response.body = buffer_.substr(head_end + 4, content_length);
  return response;
}

HttpConnection::Response HttpConnection::expect(int status, std::string_view verb,
                                                const std::string& path, std::string_view body) {
  Response response = request(verb, path, body);
  if (response.status != status) {
    throw std::runtime_error(std::string(verb) + " " + path + " answered " +
                             std::to_string(response.status) + ": " + response.body);
  }
  return response;
}

std::int64_t number_in(std::string_view json, std::string_view after, std::string_view name) {
  const std::size_t start = json.find(after);
  if (start == std::string_view::npos) return -1;
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = json.find(key, start);
  if (at == std::string_view::npos) return -1;
  std::int64_t value = -1;
  std::from_chars(json.data() + at + key.size(), json.data() + json.size(), value);
  return value;
}

}  // namespace windlass::bench
