// Runs a function on a loop's own thread and returns what it returns.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <utility>

namespace windlass::tests {

template <class Function>
auto in_loop(boost::asio::io_context& io, Function function) {
  std::packaged_task<decltype(function())()> task(std::move(function));
  auto result = task.get_future();
  boost::asio::post(io, std::move(task));
  return result.get();
}

}  // namespace windlass::tests
