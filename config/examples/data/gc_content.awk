# For every sequence of a FASTA file: name, length, GC content in per cent.
function finish() {
    if (name != "") printf "%s,%d,%.2f\n", name, bases, 100 * gc / bases > "gc-content-unsorted.csv"
}
/^>/ {
    finish()
    name = substr($1, 2)
    bases = gc = 0
    next
}
{
    line = toupper($0)
    gc += gsub(/[GC]/, "&", line)
    bases += gsub(/[ACGTN]/, "&", line)
}
END {
    finish()
    close("gc-content-unsorted.csv")
}
