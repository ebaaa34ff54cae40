# The prime numbers up to "limit".
BEGIN {
    for (n = 2; n <= limit; n++) {
        if (n in composite) continue
        print n > "primes.txt"
        for (m = n * n; m <= limit; m += n) composite[m] = 1
    }
    close("primes.txt")
    exit
}
