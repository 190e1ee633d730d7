// A windlass hauls a crate out of a well, in the evening. `clock` runs from 0 to 1.
// Nothing here is random from run to run, so a frame has the same pixels wherever it is rendered
// (with one thread: +WT1).
#version 3.7;

global_settings {
  assumed_gamma 1.0
  max_trace_level 5
}

// --- The motion: one turn of the drum takes in as much rope as its girth.
#declare DrumRadius = 0.26;
#declare RopeRadius = 0.035;
#declare Eased = clock - sin(2 * pi * clock) / (2 * pi) * 0.35;  // starts and ends gently
#declare Turn = Eased * 360;
#declare Hauled = Eased * 2 * pi * (DrumRadius + RopeRadius);
#declare AxleHeight = 2.75;
#declare CrateHeight = -0.10 + Hauled * 0.58;  // a pulley's worth slower than the drum
#declare Sway = 2.4 * sin(4 * pi * clock) * (1 - 0.6 * clock);

camera {
  location <3.5, 1.75, -7.9>
  look_at <0.1, 1.62, 0>
  right x * 16 / 9
  angle 42
}

// --- Light: a low sun with soft shadows, and the sky's own light.
light_source {
  <-15, 8, -9>
  color rgb <1.70, 1.22, 0.72>
  area_light x * 2.5, y * 2.5, 3, 3
  adaptive 1
  circular orient
}
light_source { <9, 6, -8> color rgb <0.13, 0.17, 0.28> shadowless }
light_source { <4, 3, 9> color rgb <0.25, 0.16, 0.10> shadowless }

sky_sphere {
  pigment {
    gradient y
    color_map {
      [0.00 color rgb <1.00, 0.60, 0.26>]
      [0.10 color rgb <0.92, 0.48, 0.28>]
      [0.24 color rgb <0.38, 0.36, 0.50>]
      [0.55 color rgb <0.06, 0.13, 0.34>]
    }
  }
  pigment {
    bozo
    turbulence 0.6
    octaves 4
    scale <0.55, 0.11, 0.55>
    translate <0.3 + clock * 0.03, 0.1, 0>
    color_map {
      [0.56 color rgbt <1, 0.62, 0.42, 1>]
      [0.80 color rgbt <1, 0.72, 0.55, 0.25>]
    }
  }
}

fog { fog_type 2 distance 170 fog_offset 0.5 fog_alt 1.6 color rgb <0.90, 0.52, 0.30> }

// --- Materials
#macro Wood(Light, Dark, Along)
  texture {
    pigment {
      wood
      turbulence 0.06
      scale <0.07, 0.07, 1>
      #if (Along = 0) rotate y * 90 #end
      #if (Along = 1) rotate x * 90 #end
      color_map { [0.0 color Light] [0.6 color (Light + Dark) / 2] [1.0 color Dark] }
    }
    finish { ambient 0.05 diffuse 0.8 specular 0.12 roughness 0.05 }
  }
#end
#declare Oak = rgb <0.34, 0.18, 0.07>;
#declare DarkOak = rgb <0.14, 0.07, 0.03>;
#declare Pine = rgb <0.60, 0.36, 0.14>;
#declare DarkPine = rgb <0.32, 0.17, 0.06>;
#declare Iron = texture {
  pigment { color rgb <0.22, 0.22, 0.24> }
  finish { ambient 0.04 diffuse 0.5 specular 0.7 roughness 0.03 reflection 0.06 }
}
#declare Hemp = texture {
  pigment { color rgb <0.66, 0.48, 0.24> }
  normal { bumps 0.4 scale 0.02 }
  finish { ambient 0.06 diffuse 0.85 }
}

// --- The meadow and the hills
plane {
  y, 0
  texture {
    pigment {
      granite
      turbulence 0.3
      scale 1.6
      color_map {
        [0.0 color rgb <0.05, 0.10, 0.02>]
        [0.5 color rgb <0.11, 0.17, 0.03>]
        [1.0 color rgb <0.26, 0.27, 0.07>]
      }
    }
    normal { bumps 0.5 scale 0.07 }
    finish { ambient 0.05 diffuse 0.8 }
  }
}
#macro Hill(Where, Size, Colour)
  sphere {
    0, 1
    scale Size
    translate Where
    texture {
      pigment { color Colour }
      normal { bumps 0.3 scale 0.15 }
      finish { ambient 0.06 diffuse 0.75 }
    }
  }
#end
Hill(<-22, -1, 48>, <24, 7.5, 10>, rgb <0.07, 0.12, 0.06>)
Hill(<16, -1, 56>, <30, 9.5, 10>, rgb <0.07, 0.10, 0.10>)
Hill(<-2, -1, 30>, <17, 2.6, 6>, rgb <0.10, 0.15, 0.04>)

// --- The well: rings of hewn stones, each a little different
#declare Dice = seed(1866);
#declare WellRadius = 0.86;
#declare Rings = 5;
#declare Stones = 17;
union {
  #for (Ring, 0, Rings - 1)
    #for (Stone, 0, Stones - 1)
      #local Shade = 0.75 + 0.5 * rand(Dice);
      #local Warm = 0.05 * rand(Dice);
      #local Out = 0.03 * rand(Dice);
      box {
        <-0.155, 0, -0.12>, <0.155, 0.145, 0.13>
        rotate z * (rand(Dice) - 0.5) * 3
        translate <0, Ring * 0.155, -WellRadius - Out>
        rotate y * (Stone + 0.5 * mod(Ring, 2)) * 360 / Stones
        texture {
          pigment { color rgb <0.21 + Warm, 0.195 + Warm / 2, 0.18> * Shade }
          normal { granite 0.25 scale 0.3 }
          finish { ambient 0.05 diffuse 0.8 }
        }
      }
    #end
  #end
}
// Its dark inside, and water that mirrors the evening.
cylinder { <0, 0.02, 0>, <0, 0.72, 0>, WellRadius - 0.1 open
  texture { pigment { color rgb 0.08 } finish { ambient 0.02 } } }
disc { <0, 0.03, 0>, y, WellRadius - 0.1
  texture { pigment { color rgb <0.02, 0.05, 0.07> } finish { ambient 0 reflection 0.55 } } }

// --- The frame: a pair of legs at each end of the axle, and a brace between the feet
#declare HalfSpan = 1.18;
#macro Legs(X)
  union {
    cylinder { <X, 0, -0.78>, <X, AxleHeight + 0.16, 0.06>, 0.075 }
    cylinder { <X, 0, 0.78>, <X, AxleHeight + 0.16, -0.06>, 0.075 }
    cylinder { <X, 1.0, -0.5>, <X, 1.0, 0.5>, 0.05 }
    Wood(Oak, DarkOak, 1)
  }
  union {
    torus { 0.12, 0.028 rotate z * 90 translate <X - 0.05, AxleHeight, 0> }
    torus { 0.12, 0.028 rotate z * 90 translate <X + 0.05, AxleHeight, 0> }
    texture { Iron }
  }
#end
Legs(-HalfSpan)
Legs(HalfSpan)
cylinder { <-HalfSpan, 1.0, 0.5>, <HalfSpan, 1.0, 0.5>, 0.045 Wood(Oak, DarkOak, 0) }

// --- The drum with its crank, turning
union {
  cylinder { <-0.85, 0, 0>, <0.85, 0, 0>, DrumRadius Wood(Pine, DarkPine, 0) }
  #for (Stave, 0, 11)
    box { <-0.86, DrumRadius - 0.012, -0.008>, <0.86, DrumRadius + 0.004, 0.008>
      rotate x * Stave * 30 texture { pigment { color DarkOak } } }
  #end
  union {
    cylinder { <-0.93, 0, 0>, <-0.85, 0, 0>, DrumRadius + 0.1 }
    cylinder { <0.85, 0, 0>, <0.93, 0, 0>, DrumRadius + 0.1 }
    Wood(Oak, DarkOak, 1)
  }
  union {
    cylinder { <-1.42, 0, 0>, <1.5, 0, 0>, 0.05 }
    cylinder { <1.46, 0, 0>, <1.46, 0.52, 0>, 0.038 }
    sphere { <1.46, 0, 0>, 0.075 }
    sphere { <1.46, 0.52, 0>, 0.05 }
    cylinder { <-1.38, 0, 0>, <-1.38, -0.52, 0>, 0.038 }
    sphere { <-1.38, 0, 0>, 0.075 }
    texture { Iron }
  }
  cylinder { <1.46, 0.52, 0>, <1.84, 0.52, 0>, 0.055 Wood(Pine, DarkPine, 0) }
  cylinder { <-1.38, -0.52, 0>, <-1.74, -0.52, 0>, 0.055 Wood(Pine, DarkPine, 0) }
  rotate x * (Turn + 35)
  translate y * AxleHeight
}

// --- The rope: coils that have been taken in, and the part that hangs
#declare Coils = 6 + floor(Eased * 4 + 0.001);
#declare Pitch = 2.05 * RopeRadius;
#declare RopeX = -0.42 + Coils * Pitch;
union {
  #for (Coil, 0, Coils)
    torus { DrumRadius + RopeRadius, RopeRadius rotate z * 90
      translate <-0.42 + Coil * Pitch, AxleHeight, 0> }
  #end
  cylinder { <RopeX, AxleHeight, -DrumRadius - RopeRadius>,
    <0, CrateHeight + 1.22, -0.05>, RopeRadius }
  texture { Hemp }
}

// --- The load: a slatted crate with a lantern, on a hook and four short ropes
union {
  union {
    torus { 0.07, 0.022 rotate x * 90 translate <0, 1.16, 0> }
    cylinder { <0, 1.0, 0>, <0, 1.1, 0>, 0.026 }
    sphere { <0, 1.0, 0>, 0.045 }
    texture { Iron }
  }
  #for (Corner, 0, 3)
    cylinder { <0, 1.0, 0>, <0.33, 0.56, 0.33>, 0.016 rotate y * Corner * 90 texture { Hemp } }
  #end
  #for (Side, 0, 3)
    union {
      #for (Slat, 0, 3)
        box { <-0.36, 0.015 + Slat * 0.142, -0.37>, <0.36, 0.125 + Slat * 0.142, -0.335> }
      #end
      Wood(Pine, DarkPine, 0)
      rotate y * Side * 90
    }
    box { <-0.385, 0, -0.385>, <-0.315, 0.58, -0.315> Wood(Oak, DarkOak, 1) rotate y * Side * 90 }
  #end
  box { <-0.36, 0, -0.36>, <0.36, 0.03, 0.36> Wood(Pine, DarkPine, 0) }
  // Its glow is seen between the slats.
  sphere { <0, 0.30, 0>, 0.17
    texture { pigment { color rgb <1, 0.72, 0.28> } finish { ambient rgb <2.4, 1.5, 0.5> diffuse 0 } }
  }
  light_source { <0, 0.48, 0> color rgb <1.3, 0.72, 0.22>
    fade_distance 0.55 fade_power 2 shadowless }
  rotate y * (18 + 25 * Eased)
  rotate z * Sway
  translate <0, CrateHeight, -0.05>
}
