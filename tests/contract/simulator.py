class Simulator: pass
