# Walkers step left or right with equal chance. Writes the mean squared distance after every step.
# Random numbers: the minimal standard generator of Park and Miller (1988), the same with every awk.
function toss() {
    seed = (seed * 16807) % 2147483647
    return seed > 1073741823 ? 1 : -1
}
BEGIN {
    seed = 20170430
    print "step,mean_squared_distance" > "walks.csv"
    for (step = 1; step <= steps; step++) {
        total = 0
        for (walker = 1; walker <= walkers; walker++) {
            place[walker] += toss()
            total += place[walker] ^ 2
        }
        printf "%d,%.6f\n", step, total / walkers > "walks.csv"
    }
    close("walks.csv")
    exit
}
