/* What the C smoke programs share: one check a line, the first failure ends the program and says where. */
#ifndef SMOKE_COMMON_H
#define SMOKE_COMMON_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

static void check(int holds, const char *text, const char *file, int line) {
    if (!holds) {
        fprintf(stderr, "%s:%d: not true: %s (%s)\n", file, line, text, strerror(errno));
        exit(1);
    }
}

static const char *local_time(const char *zone, time_t moment) {
    static char text[64];
    struct tm fields;
    if (zone)
        setenv("TZ", zone, 1);
    else
        unsetenv("TZ");
    tzset();
    localtime_r(&moment, &fields);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M %Z", &fields);
    return text;
}

static void zones(void) {
    const time_t new_year = 1767225600, july = 1782864000; /* 2026-01-01 and 2026-07-01, 00:00 UTC */
    CHECK(!strcmp(local_time(NULL, new_year), "2026-01-01 00:00 UTC"));
    CHECK(!strcmp(local_time("Europe/Paris", new_year), "2026-01-01 01:00 CET"));
    CHECK(!strcmp(local_time("Europe/Paris", july), "2026-07-01 02:00 CEST"));
    CHECK(!strcmp(local_time("America/New_York", new_year), "2025-12-31 19:00 EST"));
    CHECK(!strcmp(local_time("Asia/Kathmandu", july), "2026-07-01 05:45 +0545"));
    puts("zones ok");
}

#endif
