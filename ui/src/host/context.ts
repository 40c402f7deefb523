import { createContext, useContext } from "react";
import type { Host } from "./host";

export const HostContext = createContext<Host | null>(null);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error("no HostContext above this component");
  return host;
}
