// The CNI plugin: hands a call to the ztunnel of the node and prints its answer; all judgement is there (docs/adr/, new
// pods). Whatever goes wrong, ADD fails and is tried again, so that no pod starts outside the mesh by accident; DEL
// succeeds, so that no pod stays for lack of a ztunnel.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef PATIENCE_MS
#define PATIENCE_MS 75000 // more than the ztunnel takes to decide, less than a kubelet waits
#endif
enum { LIMIT = 1 << 20 };
enum { BAD_VERSION = 1, BAD_ENVIRONMENT = 4, BAD_JSON = 6, BAD_CONFIG = 7, TRY_LATER = 11 }; // CNI 1.1.0, "Error"
#define VERSIONS "\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\""

struct span { const char *at; size_t length; };
struct header { uint64_t magic; uint32_t first, second; }; // call: sizes of variables and config; answer: code and size
static const uint64_t MAGIC = 0x3130696e636d6e; // "nmcni01", on machines that are little-endian, as all of these are
static char config[LIMIT + 1], variables[LIMIT], answer[LIMIT];
static const char *command = "", *reason = "", *version = "\"1.1.0\"";
static int64_t deadline;

static int64_t now(void) {
  struct timespec t;
  return clock_gettime(CLOCK_MONOTONIC, &t) ? INT64_MAX : t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}
static int is(const char *name) { return !strcmp(command, name); }
static _Noreturn void finish(const char *text, size_t length, int code) {
  if ((is("DEL") || is("GC")) && code) exit(0);
  exit(fwrite(text, 1, length, stdout) != length || fflush(stdout) ? 1 : code);
}
static _Noreturn void fail(int code, const char *message) {
  const char *form = "{\"cniVersion\":%.7s,\"code\":%d,\"msg\":\"nodemesh: %s\",\"details\":\"%s\"}\n";
  finish(answer, (size_t)snprintf(answer, LIMIT, form, version, code, message, reason), 1);
}

static const char *space(const char *p) { return p + strspn(p, " \t\r\n"); }
static const char *past(const char *p) { // the JSON value at p; NULL where there is none
  int depth = 0;
  do {
    if (*p == '"') {
      while (*++p != '"')
        if (!*p || (*p == '\\' && !*++p)) return NULL;
      p++;
    } else if (!*p) return NULL;
    else if (*p == '{' || *p == '[') depth++, p++;
    else if (*p == '}' || *p == ']') depth--, p++;
    else p += depth ? 1 : strcspn(p, ",]} \t\r\n");
  } while (depth > 0);
  return depth < 0 ? NULL : p;
}
static struct span find(const char *key) { // a value of the config's outermost object; `key` with its quotes
  const char *p = space(config), *end;
  for (p += *p == '{'; *(p = space(p)) == '"' && (end = past(p)) && *space(end) == ':'; p++) {
    const char *name = p, *value = space(space(end) + 1);
    if (!(p = past(value))) break;
    if ((size_t)(end - name) == strlen(key) && !strncmp(name, key, strlen(key)))
      return (struct span){value, (size_t)(p - value)};
    if (*(p = space(p)) != ',') break;
  }
  return (struct span){NULL, 0};
}
static struct span argument(const char *name) { // of CNI_ARGS, A=1;B=2
  size_t length = strlen(name);
  for (const char *p = getenv("CNI_ARGS"); p; p = (p = strchr(p, ';')) ? p + 1 : NULL)
    if (!strncmp(p, name, length)) return (struct span){p + length, strcspn(p + length, ";")};
  return (struct span){NULL, 0};
}
static int passes(void) { // who is never in the mesh starts without a ztunnel: itself, before all others
  struct span namespace = argument("K8S_POD_NAMESPACE="), list = find("\"passNamespaces\"");
  const char *p = list.at && *list.at == '[' ? space(list.at + 1) : "";
  for (const char *end; *p == '"' && (end = past(p)); p = *(end = space(end)) == ',' ? space(end + 1) : "")
    if (namespace.at && (size_t)(end - p) == namespace.length + 2 && !memcmp(p + 1, namespace.at, namespace.length)) return 1;
  return !namespace.at; // no pod of Kubernetes
}

static size_t transfer(int fd, short direction, void *data, size_t length) { // how much, by the end or the deadline
  for (size_t done = 0;;) {
    struct pollfd ready = {fd, direction, 0};
    int64_t left = deadline - now();
    if (done == length || left <= 0 || poll(&ready, 1, (int)left) == 0) return done;
    ssize_t n = direction == POLLOUT ? send(fd, (char *)data + done, length - done, MSG_NOSIGNAL | MSG_DONTWAIT)
                                     : read(fd, (char *)data + done, length - done);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return done;
    done += n > 0 ? (size_t)n : 0;
  }
}
static size_t collect(void) { // the CNI_* variables, each with its zero
  size_t used = 0;
  for (char **entry = environ; *entry; entry++) {
    size_t size = strlen(*entry) + 1;
    if (strncmp(*entry, "CNI_", 4)) continue;
    if (size > LIMIT - used) fail(BAD_ENVIRONMENT, "expected at most 1 MiB of CNI_* variables");
    memcpy(variables + used, *entry, size), used += size;
  }
  return used;
}
static struct header ask(struct span path, size_t length) { // the answer's text is in `answer` then
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/var/run/nodemesh/cni.sock"};
  size_t used = collect();
  if (path.at && (path.length < 3 || path.length - 2 >= sizeof address.sun_path || memchr(path.at, '\\', path.length)))
    fail(BAD_CONFIG, "expected socket to be the path of a unix socket, of at most 107 bytes");
  if (path.at) snprintf(address.sun_path, path.length - 1, "%s", path.at + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
    reason = strerror(errno), fail(TRY_LATER, "the ztunnel of this node is not running; new pods wait for it");
  struct header head = {MAGIC, (uint32_t)used, (uint32_t)length};
  if (transfer(fd, POLLOUT, &head, sizeof head) < sizeof head || transfer(fd, POLLOUT, variables, used) < used ||
      transfer(fd, POLLOUT, config, length) < length || transfer(fd, POLLIN, &head, sizeof head) < sizeof head)
    fail(TRY_LATER, "the ztunnel of this node gave no answer in time, or ended meanwhile; new pods wait for it");
  if (head.magic != MAGIC || head.second >= LIMIT || transfer(fd, POLLIN, answer, head.second) < head.second)
    fail(TRY_LATER, "expected an answer of the ztunnel, got something else; is another program on its socket?");
  return head;
}

int main(void) {
  if (getenv("CNI_COMMAND")) command = getenv("CNI_COMMAND");
  int needsPod = is("ADD") || is("CHECK");
  deadline = now() + (needsPod ? PATIENCE_MS : PATIENCE_MS / 8);
  size_t length = transfer(STDIN_FILENO, POLLIN, config, sizeof config);
  if (length > LIMIT) config[0] = config[LIMIT] = 0;
  const char *end = past(space(config));
  if (*space(config) != '{' || !end || *space(end) || strlen(config) != length)
    fail(BAD_JSON, "expected one JSON object of at most 1 MiB on standard input");
  struct span wanted = find("\"cniVersion\""), previous = find("\"prevResult\"");
  int isKnown = wanted.length == 7 && memmem(VERSIONS, sizeof VERSIONS, wanted.at, 7);
  if (isKnown) version = wanted.at;
  const char *form = "{\"cniVersion\":%.7s,\"supportedVersions\":[" VERSIONS "]}\n";
  if (is("VERSION")) finish(answer, (size_t)snprintf(answer, LIMIT, form, version), 0);
  if (!needsPod && !is("DEL") && !is("GC") && !is("STATUS"))
    fail(BAD_ENVIRONMENT, "expected CNI_COMMAND to be ADD, CHECK, DEL, GC, STATUS or VERSION");
  if (!isKnown) fail(BAD_VERSION, "expected cniVersion to be one from 0.3.0 to 1.1.0");
  if (is("STATUS")) finish("", 0, 0); // or the node were not ready, and lost all its pods, while its ztunnel is away
  if (needsPod && !(getenv("CNI_CONTAINERID") && getenv("CNI_NETNS") && getenv("CNI_IFNAME")))
    fail(BAD_ENVIRONMENT, "expected CNI_CONTAINERID, CNI_NETNS and CNI_IFNAME");
  if (needsPod && (!previous.at || *previous.at != '{'))
    fail(BAD_CONFIG, "expected a prevResult: this plugin stands behind one that makes the pod's network");
  struct header head = is("GC") || !passes() ? ask(find("\"socket\""), length) : (struct header){.magic = MAGIC};
  if (is("ADD") && !head.first && !head.second) finish(previous.at, previous.length, 0);
  finish(answer, head.second, head.first ? (int)(head.first & 0x7f) | 1 : 0);
}
