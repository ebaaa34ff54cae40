# Molar mass in g/mol of a formula of C, H, N and O.
# Source of the atomic weights: IUPAC, abridged standard atomic weights 2021.
BEGIN {
    FS = ","
    weight["C"] = 12.011; weight["H"] = 1.008; weight["N"] = 14.007; weight["O"] = 15.999
}
/^#/ { next }
{
    formula = $2
    mass = 0
    while (match(formula, /[A-Z][0-9]*/)) {
        element = substr(formula, RSTART, 1)
        count = substr(formula, RSTART + 1, RLENGTH - 1)
        if (!(element in weight)) { print "unknown element " element > "/dev/stderr"; exit 1 }
        mass += weight[element] * (count == "" ? 1 : count)
        formula = substr(formula, RSTART + RLENGTH)
    }
    printf "%s,%.3f\n", $1, mass
}
