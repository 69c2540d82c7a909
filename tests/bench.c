/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the model costs: `bench NAME VALUE UNIT`, the best of ROUNDS rounds. The glibc_ lines
 * do the same with aligned_alloc() and free() of the same sizes.
 *
 *   bench MMSH GOLDEN [NAME...]   MMSH: the shell's binary, GOLDEN: the directory of recordings,
 *                                 NAME: only these
 *
 * Each benchmark runs in a process of its own, so that none inherits another's heap.
 */
#include "bench.h"

#include <mmsh/fault.h>
#include <mmsh/state.h>
#include <mmsh/verify.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 5
#define PAIRS 2000000u
#define LARGE_PAIRS 100000u /* a system call each, with glibc */
#define FILL_PAGES (1u << (30 - PAGE_SHIFT))
#define CHURN_OPS 2000000u
#define CHURN_SLOTS (1u << 17)
#define SCRIPT_LINES 400000u
#define RECORDING "buddy/slub-hm4g-512M-smp4-s1.rec.gz"

static const char *mmsh_path, *golden_dir;
struct machine *machine;

_Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	_exit(1);
}

static struct machine *boot_with(const struct arch *arch, const struct slab_ops *ops, uint64_t mem)
{
	struct boot_params p;
	struct mm_error e = {""};
	struct machine *m;

	boot_params_init(&p);
	boot_params_set_arch(&p, arch);
	p.mem = mem;
	p.slab = ops;
	m = machine_boot(&p, &e);
	if (!m)
		die("boot", e.text);
	return m;
}

static struct machine *boot(const struct arch *arch, uint64_t mem)
{
	return boot_with(arch, NULL, mem);
}

struct machine *boot_slab(const struct slab_ops *ops, uint64_t mem)
{
	return boot_with(&arch_ia32, ops, mem);
}

/* ---- the page allocator and glibc behind one face; a block is never 0 ---- */

struct allocator {
	uint64_t (*alloc)(unsigned order);
	void (*free)(uint64_t block, unsigned order);
};

static uint64_t page_alloc(unsigned order)
{
	int64_t pfn = alloc_pages(machine, GFP_KERNEL | __GFP_NOWARN, order);

	return pfn > 0 ? (uint64_t)pfn : 0;
}

/* For the fill, which needs more than lowmem holds, and for failures that cost what an
   allocation costs: no reclaim, no compaction. */
static uint64_t user_page_alloc(unsigned order)
{
	gfp_t gfp = (GFP_HIGHUSER_MOVABLE | __GFP_NOWARN) & ~__GFP_DIRECT_RECLAIM;
	int64_t pfn = alloc_pages(machine, gfp, order);

	return pfn > 0 ? (uint64_t)pfn : 0;
}

static void page_free(uint64_t block, unsigned order)
{
	__free_pages(machine, (pfn_t)block, order);
}

static uint64_t glibc_alloc(unsigned order)
{
	return (uintptr_t)aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
}

static void glibc_free(uint64_t block, unsigned order)
{
	(void)order;
	free((void *)(uintptr_t)block);
}

static const struct allocator pages = {page_alloc, page_free};
static const struct allocator user_pages = {user_page_alloc, page_free};
static const struct allocator glibc = {glibc_alloc, glibc_free};

uint64_t random_state = 88172645463325252ull;

/* ---- pairs ---- */

TEMPLATE double pairs(const struct allocator *a, unsigned order, unsigned nr)
{
	double start = now_ns();

	for (unsigned i = 0; i < nr; i++) {
		uint64_t block = a->alloc(order);

		/* A compiler may drop a pair whose block nobody looks at. */
		__asm__ volatile("" : "+r"(block));
		if (unlikely(!block))
			die("pairs", "out of memory");
		a->free(block, order);
	}
	return (now_ns() - start) / nr;
}

static double page_pair_0(void)
{
	return pairs(&pages, 0, PAIRS);
}

static double page_pair_9(void)
{
	return pairs(&pages, 9, PAIRS);
}

static double glibc_page_pair_0(void)
{
	return pairs(&glibc, 0, PAIRS);
}

static double glibc_page_pair_9(void)
{
	return pairs(&glibc, 9, LARGE_PAIRS);
}

/* ---- fill 1 GiB, free it in random order ---- */

static uint64_t *blocks;

TEMPLATE double fill(const struct allocator *a)
{
	double start = now_ns();

	for (unsigned i = 0; i < FILL_PAGES; i++) {
		blocks[i] = a->alloc(0);
		if (unlikely(!blocks[i]))
			die("fill", "out of memory");
	}
	return (now_ns() - start) / FILL_PAGES;
}

TEMPLATE double empty(const struct allocator *a)
{
	double start = now_ns();

	for (unsigned i = 0; i < FILL_PAGES; i++)
		a->free(blocks[i], 0);
	return (now_ns() - start) / FILL_PAGES;
}

static void shuffle(void)
{
	for (unsigned i = FILL_PAGES - 1; i; i--) {
		unsigned j = (unsigned)(random_next() % (i + 1));
		uint64_t block = blocks[i];

		blocks[i] = blocks[j];
		blocks[j] = block;
	}
}

TEMPLATE double fill_and_empty(const struct allocator *a, bool time_fill)
{
	double filled, emptied;

	if (!blocks)
		blocks = calloc(FILL_PAGES, sizeof(*blocks));
	filled = fill(a);
	shuffle();
	emptied = empty(a);
	return time_fill ? filled : emptied;
}

static double page_fill_0(void)
{
	return fill_and_empty(&user_pages, true);
}

static double page_random_free_0(void)
{
	return fill_and_empty(&user_pages, false);
}

static double glibc_page_fill_0(void)
{
	return fill_and_empty(&glibc, true);
}

static double glibc_page_random_free_0(void)
{
	return fill_and_empty(&glibc, false);
}

/* ---- churn: each order half as frequent as the one below, 60 % of 1 GiB in use ---- */

static struct {
	uint64_t block;
	unsigned order;
} slots[CHURN_SLOTS];

TEMPLATE double churn(const struct allocator *a)
{
	const uint64_t goal = FILL_PAGES / 10 * 6;
	static uint64_t used;
	static unsigned nr;
	unsigned failed = 0, ops = 0;
	bool refused = false;
	double start = 0;

	/* Up to the goal it only fills; that part is not timed. */
	while (ops < CHURN_OPS) {
		uint64_t r = random_next();

		if (used < goal && nr < CHURN_SLOTS && !refused) {
			unsigned order = (unsigned)__builtin_ctzll(r | 1u << (MAX_ORDER - 1));
			uint64_t block = a->alloc(order);

			refused = !block;
			failed += refused;
			if (!refused) {
				slots[nr].block = block;
				slots[nr++].order = order;
				used += 1u << order;
			}
		} else {
			unsigned i = (unsigned)((r >> 32) * nr >> 32);

			if (!start)
				start = now_ns();
			a->free(slots[i].block, slots[i].order);
			used -= 1u << slots[i].order;
			slots[i] = slots[--nr];
			refused = false;
		}
		ops += start != 0;
	}
	start = (now_ns() - start) / CHURN_OPS;
	if (failed)
		fprintf(stderr, "bench: churn: %u of %u operations were refused\n", failed,
			CHURN_OPS);
	return start;
}

static double page_churn(void)
{
	return churn(&user_pages);
}

static double glibc_page_churn(void)
{
	return churn(&glibc);
}

/* ---- whole programs ---- */

static double verify_ops(void)
{
	static struct strbuf text;
	struct verify_result r = {0};
	struct mm_error e = {""};
	char path[4096];
	double start;

	snprintf(path, sizeof(path), "%s/%s", golden_dir, RECORDING);
	if (!text.len && read_file(path, &text, &e))
		die(path, e.text);
	start = now_ns();
	if (verify_text(text.s, text.len, &r, &e))
		die(path, e.text);
	start = now_ns() - start;
	strbuf_free(&r.report);
	return (double)r.ops / (start / 1e9);
}

/* Runs argv to its end with its standard output going to @out. */
static void run(char **argv, int out)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork", strerror(errno));
	if (!pid) {
		dup2(out, STDOUT_FILENO);
		execv(argv[0], argv);
		die(argv[0], strerror(errno));
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die(argv[0], "failed");
}

static double script_commands(void)
{
	char path[] = "/tmp/mmsh-bench-XXXXXX";
	char *argv[] = {(char *)mmsh_path, "-q", "-n", path, NULL};
	int fd = mkstemp(path), null = open("/dev/null", O_WRONLY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	double start;

	if (!f || null < 0)
		die(path, strerror(errno));
	for (unsigned i = 0; i < SCRIPT_LINES / 2; i++)
		fprintf(f, "alloc %u\nfree $\n", i % 4);
	fclose(f);
	start = now_ns();
	run(argv, null);
	start = now_ns() - start;
	unlink(path);
	close(null);
	return SCRIPT_LINES / (start / 1e9);
}

/* Boots in a program of its own and reports the time and that program's peak memory. */
static int boot_child(const char *arch, const char *mem)
{
	double start = now_ns();
	struct machine *m = boot(arch_find(arch), strtoull(mem, NULL, 0));
	double ms = (now_ns() - start) / 1e6;
	unsigned long peak = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %lu", &peak);
	printf("%f %lu\n", ms, peak);
	if (f)
		fclose(f);
	machine_free(m);
	return 0;
}

static void bench_boot(const char *name, const struct arch *arch, uint64_t mem)
{
	double best_ms = 0, best_mib = 0;
	char arg[32], line[64];
	char *argv[] = {(char *)"/proc/self/exe", (char *)"--boot", (char *)arch->name, arg, NULL};

	snprintf(arg, sizeof(arg), "%llu", (unsigned long long)mem);
	for (int i = 0; i < ROUNDS; i++) {
		double ms, mib;
		ssize_t n;
		int fd[2];

		if (pipe(fd))
			die("pipe", strerror(errno));
		run(argv, fd[1]);
		n = read(fd[0], line, sizeof(line) - 1);
		line[n < 0 ? 0 : n] = 0;
		if (sscanf(line, "%lf %lf", &ms, &mib) != 2)
			die(name, "no result");
		mib /= 1024;
		best_ms = i && best_ms < ms ? best_ms : ms;
		best_mib = i && best_mib < mib ? best_mib : mib;
		close(fd[0]);
		close(fd[1]);
	}
	printf("bench %s %.2f ms\nbench %s_rss %.1f MiB\n", name, best_ms, name, best_mib);
}

/* ---- processes ---- */

#define MAP_PAIRS 200000u
#define FRESH_PAGES 256u
#define FORK_AREAS 64u
#define FORK_PAGES 157u /* in each of them: 10,000 in all */

/* One task with a stack, and @areas more that nothing merges with. */
static struct task_struct *bench_task(unsigned areas)
{
	struct task_struct *t = task_new(machine, NULL, "bench");

	if (t)
		t->mm = mm_alloc(machine, t);
	if (!t || !t->mm)
		die("task", "out of memory");
	arch_pick_mmap_layout(machine, t, 0, false);
	machine->mm->overcommit_memory = 1;
	sys_mmap(machine, t, 0xBFF00000, 0x100000, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, NULL, 0);
	for (unsigned i = 1; i < areas; i++)
		sys_mmap(machine, t, 0x10000000 + PFN_PHYS(2 * i), PAGE_SIZE, i & 1 ? PROT_READ : PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0);
	return t;
}

static double mmap_pairs(unsigned areas)
{
	static struct task_struct *t;
	double start;

	if (!t)
		t = bench_task(areas);
	start = now_ns();
	for (unsigned i = 0; i < MAP_PAIRS; i++) {
		int64_t at = sys_mmap(machine, t, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);

		if (at < 0 || sys_munmap(machine, t, (vaddr_t)at, 2 * PAGE_SIZE))
			die("mmap", "refused");
	}
	return (now_ns() - start) / MAP_PAIRS;
}

static double mmap_pair_10(void)
{
	return mmap_pairs(10);
}

static double mmap_pair_1000(void)
{
	return mmap_pairs(1000);
}

static double mmap_pair_60000(void)
{
	return mmap_pairs(60000);
}

static void touch_area(struct task_struct *t, vaddr_t at, unsigned nr)
{
	struct fault_report r;

	for (unsigned i = 0; i < nr; i++)
		if (task_touch(machine, t, at + PFN_PHYS(i), FAULT_WRITE, &r))
			die("touch", "refused");
}

static double touch_fresh(void)
{
	static struct task_struct *t;
	static vaddr_t at;
	double spent = 0;

	if (!t) {
		t = bench_task(10);
		at = (vaddr_t)sys_mmap(machine, t, 0, PFN_PHYS(FRESH_PAGES), PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0);
	}
	for (unsigned i = 0; i < 1000; i++) {
		double start = now_ns();

		touch_area(t, at, FRESH_PAGES);
		spent += now_ns() - start;
		sys_madvise(machine, t, at, PFN_PHYS(FRESH_PAGES), MADV_DONTNEED);
	}
	return spent / 1000 / FRESH_PAGES;
}

/* fork and exit, a page of the task. */
static double fork_exit_page(void)
{
	static struct task_struct *t;
	struct task_struct *child;
	double start;

	for (unsigned i = 0; !t || i < FORK_AREAS; i++) {
		vaddr_t at = 0x50000000 + PFN_PHYS(256 * i);

		if (!t)
			t = bench_task(1);
		sys_mmap(machine, t, at, PFN_PHYS(FORK_PAGES), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0);
		touch_area(t, at, FORK_PAGES);
	}
	start = now_ns();
	for (unsigned i = 0; i < 20; i++) {
		if (task_fork(machine, t, &child))
			die("fork", "refused");
		task_exit(machine, child);
	}
	return (now_ns() - start) / 20 / (FORK_AREAS * FORK_PAGES);
}

/* ---- the table ---- */

/* with the hole below 4 GiB there is no more */
#define ALMOST_16T ((16ull << 40) - (4ull << 30))

static const struct bench {
	const char *name, *unit;
	double (*round)(void);
	uint64_t mem; /* of the machine to boot first; 0: none */
	const struct arch *arch; /* of that machine; NULL: ia32 */
} benches[] = {
	{"page_pair_0", "ns", page_pair_0, 1ull << 30, NULL},
	{"glibc_page_pair_0", "ns", glibc_page_pair_0, 0, NULL},
	{"page_pair_0_64G", "ns", page_pair_0, 64ull << 30, &arch_ia32_pae},
	{"page_pair_0_1T", "ns", page_pair_0, 1ull << 40, &arch_amd64},
	{"page_pair_0_16T", "ns", page_pair_0, ALMOST_16T, &arch_amd64},
	{"page_pair_9", "ns", page_pair_9, 1ull << 30, NULL},
	{"glibc_page_pair_9", "ns", glibc_page_pair_9, 0, NULL},
	{"page_fill_0", "ns", page_fill_0, 2ull << 30, NULL},
	{"glibc_page_fill_0", "ns", glibc_page_fill_0, 0, NULL},
	{"page_random_free_0", "ns", page_random_free_0, 2ull << 30, NULL},
	{"glibc_page_random_free_0", "ns", glibc_page_random_free_0, 0, NULL},
	{"page_churn", "ns", page_churn, 1ull << 30, NULL},
	{"glibc_page_churn", "ns", glibc_page_churn, 0, NULL},
#define OBJECTS(load)                                                                              \
	{"slub_" #load, "ns", slub_##load, 0, NULL}, {"slab_" #load, "ns", slab_##load, 0, NULL},  \
		{"slob_" #load, "ns", slob_##load, 0, NULL},                                       \
		{"glibc_" #load, "ns", glibc_##load, 0, NULL}
	OBJECTS(pair_256),
	OBJECTS(bulk_1024),
	OBJECTS(object_churn),
	{"vmalloc_pair_10", "ns", vmalloc_pair_10, 0, NULL},
	{"vmalloc_pair_1000", "ns", vmalloc_pair_1000, 0, NULL},
	{"vmalloc_pair_10000", "ns", vmalloc_pair_10000, 0, NULL},
	{"kmap_pair", "ns", kmap_pair, 1ull << 30, NULL},
	{"mmap_pair_10", "ns", mmap_pair_10, 1ull << 30, NULL},
	{"mmap_pair_1000", "ns", mmap_pair_1000, 1ull << 30, NULL},
	{"mmap_pair_60000", "ns", mmap_pair_60000, 1ull << 30, NULL},
	{"touch_fresh", "ns", touch_fresh, 1ull << 30, NULL},
	{"fork_exit_page", "ns", fork_exit_page, 1ull << 30, NULL},
	{"verify_ops", "ops/s", verify_ops, 0, NULL},
	{"script_commands", "commands/s", script_commands, 0, NULL},
	{"boot_64M", NULL, NULL, 64ull << 20, NULL},
	{"boot_1G", NULL, NULL, 1ull << 30, NULL},
	{"boot_4G", NULL, NULL, 4ull << 30, NULL},
	{"boot_64G", NULL, NULL, 64ull << 30, &arch_ia32_pae},
	{"boot_1T", NULL, NULL, 1ull << 40, &arch_amd64},
	{"boot_16T", NULL, NULL, ALMOST_16T, &arch_amd64},
};

static void bench(const struct bench *b)
{
	bool rate = b->unit && strchr(b->unit, '/');
	double best = 0;

	if (!b->round) {
		bench_boot(b->name, b->arch ?: &arch_ia32, b->mem);
		return;
	}
	if (b->mem)
		machine = boot(b->arch ?: &arch_ia32, b->mem);
	for (int i = 0; i < ROUNDS; i++) {
		double v = b->round();

		if (!i || (rate ? v > best : v < best))
			best = v;
	}
	printf("bench %s %.*f %s\n", b->name, rate ? 0 : 1, best, b->unit);
}

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

int main(int argc, char **argv)
{
	int status, failed = 0;

	if (argc == 4 && !strcmp(argv[1], "--boot"))
		return boot_child(argv[2], argv[3]);
	if (argc < 3) {
		fprintf(stderr, "usage: bench MMSH GOLDEN [NAME...]\n");
		return 2;
	}
	mmsh_path = argv[1];
	golden_dir = argv[2];
	for (size_t i = 0; i < ARRAY_SIZE(benches); i++) {
		pid_t pid;

		if (!wanted(benches[i].name, argv + 3))
			continue;
		fflush(stdout);
		pid = fork();
		if (!pid) {
			bench(&benches[i]);
			fflush(stdout);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
			fprintf(stderr, "bench: %s: failed\n", benches[i].name);
			failed = 1;
		}
	}
	return failed;
}
