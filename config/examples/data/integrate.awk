# The integral of 4 / (1 + x^2) over one part of [0, 1], by Simpson's rule. Argument: "2/8" is the second of eight.
BEGIN {
    split(ARGV[1], part, "/")
    intervals = 1000
    start = (part[1] - 1) / part[2]
    step = 1 / part[2] / intervals
    for (i = 0; i <= intervals; i++) {
        x = start + i * step
        total += (i == 0 || i == intervals ? 1 : i % 2 ? 4 : 2) * 4 / (1 + x * x)
    }
    printf "%.17g\n", total * step / 3
    exit
}
