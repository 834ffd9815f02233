// A program that needs libstdc++, libgcc and libgomp. Build: c++ -std=c++17 -O2 -pthread -fopenmp -o cxx cxx.cpp
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <locale>
#include <numeric>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static void check(bool holds, const char *what) {
    if (!holds)
        throw std::runtime_error(std::string("not true: ") + what);
}

static bool catches_across_threads() {
    bool caught = false;
    std::thread thread([&caught] {
        try {
            std::vector<int>().at(1);
        } catch (const std::out_of_range &) {
            caught = true;
        }
    });
    thread.join();
    return caught;
}

static std::int64_t parallel_sum(std::int64_t last) {
    std::int64_t sum = 0;
#pragma omp parallel for reduction(+ : sum)
    for (std::int64_t i = 1; i <= last; i++)
        sum += i;
    return sum;
}

int main() {
    try {
        check(catches_across_threads(), "an exception is caught in a thread");
        check(parallel_sum(1000000) == 500000500000, "OpenMP sums");
        check(std::regex_match("bedplate-13", std::regex("[a-z]+-\\d+")), "a pattern matches");
        check(std::filesystem::is_regular_file("/etc/os-release"), "os-release is a file");
        check(std::locale("C.UTF-8").name() == "C.UTF-8", "C.UTF-8 is a locale");
        std::ostringstream text;
        text << std::hex << 255;
        check(text.str() == "ff", "numbers are formatted");
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    std::cout << "cxx ok\n";
    return 0;
}
